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
        page += """

            ## Variables of older services

            These are understood, too, and are weaker than all above: an option, a `CAIRN_` variable
            and the file beat them. One in use is named at the start.

            | variable | stands for | values |
            | --- | --- | --- |

            """
        for alias in SettingAlias.all {
            page += "| `\(alias.variable)` | `\(alias.setting.key)` | \(alias.meaning) |\n"
        }
        page += """
            | `JWT_SECRET`, `JWT_ALGORITHM` | an issuer in `auth.issuers` | at least 32 bytes; `HS256` |

            Tokens signed with `JWT_SECRET` need the claims `iss` and `aud`, both `cairn`, `exp`, `sub`,
            `tenant`, and `roles` or `scope`. Where `auth.issuers` is set, `JWT_SECRET` is not used.

            With `TENANT_ID` the server does not start: a tenant comes from the credential alone. These
            mean nothing here, and are named at the start if they are set:
            \(SettingAlias.unused.map { "`\($0)`" }.joined(separator: ", ")).
            Where `objects.url` is a bucket, the variables of AWS are those of its tools, as
            [operating.md](operating.md#where-objects-are-kept) says.

            ## Production

            With `environment` set to `production` the server does not start

            - with `no-auth`;
            - with a `JWT_SECRET` that is made of stock words or a pattern;
            - on an address that others can reach without TLS, unless `tls.terminated-by-proxy` is set
              and that proxy's addresses are among `proxies.trusted`;
            - with an `objects.endpoint` of plain `http` that is not this machine.

            """
        return page
    }
}
