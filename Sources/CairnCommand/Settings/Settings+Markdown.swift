// SPDX-License-Identifier: Apache-2.0

extension Setting {
    /// The page `docs/configuration.md`.
    static var markdown: String {
        var page = """
            <!-- Made by `cairn config --markdown`; a test compares. -->
            # Configuration

            What can be set, and how. An option of `cairn serve` beats the environment, the
            environment beats the settings file, the file beats the default. A value that is not
            allowed stops the start and is named.

            The setting `a.b-c` is the option `--a-b-c`, the variable `CAIRN_A_B_C`, and in the
            file the member `b-c` of `a`. The file is named by `--config` or `CAIRN_CONFIG`; it is
            JSON if its name ends in `.json`, else YAML:

            ```yaml
            data: /var/lib/cairn
            port: 8000
            log:
              level: warning
            ```

            `cairn config` takes the same options and prints what would hold.

            | setting | option | variable | default | allowed | meaning |
            | --- | --- | --- | --- | --- | --- |

            """
        for setting in all {
            let preset = setting.defaultText.map { "`\($0)`" } ?? "-"
            page += "| `\(setting.key)` | `--\(setting.option)` | `\(setting.variable)` "
            page += "| \(preset) | \(setting.allowed) | \(setting.meaning) |\n"
        }
        return page
    }
}
