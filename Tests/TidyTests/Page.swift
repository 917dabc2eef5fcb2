// SPDX-License-Identifier: Apache-2.0

/// A page of documentation: its prose, links, headings, tables and blocks of code.
struct Page {
    /// A fenced block of code.
    struct Block {
        let language: String
        let text: String
    }

    /// The page's path.
    let path: String
    /// The lines outside blocks of code.
    let prose: [Substring]
    /// The blocks of code.
    let blocks: [Block]

    init(path: String, text: String) {
        self.path = path
        var prose: [Substring] = []
        var blocks: [Block] = []
        var open: (language: String, lines: [Substring])?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isFence = line.drop { $0 == " " }.hasPrefix("```")
            if isFence, let block = open {
                let text = block.lines.joined(separator: "\n") + "\n"
                blocks.append(Block(language: block.language, text: text))
                open = nil
            } else if isFence {
                open = (String(line.drop { $0 == " " }.dropFirst(3)), [])
            } else if open != nil {
                open?.lines.append(line)
            } else {
                prose.append(line)
            }
        }
        self.prose = prose
        self.blocks = blocks
    }

    /// Reads a page of the project.
    init(_ path: String) throws {
        self.init(path: path, text: try Repository.text(path))
    }

    /// What the page's links lead to, outside code.
    var links: [String] {
        prose.flatMap { line in
            let plain = line.replacing(/`[^`]*`/, with: "")
            return plain.matches(of: /\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/).map {
                String($0.output.1)
            }
        }
    }

    /// The names by which the page's headings are linked to.
    var anchors: Set<String> {
        Set(
            prose.filter { $0.hasPrefix("#") }.map { line in
                let title = line.drop { $0 == "#" || $0 == " " }.lowercased()
                return String(
                    title.compactMap { character -> Character? in
                        if character == " " { return "-" }
                        let isKept = character.isLetter || character.isNumber
                        return isKept || character == "-" || character == "_" ? character : nil
                    }
                )
            }
        )
    }

    /// The rows of the table under a heading, without its head, cell by cell.
    func table(under heading: String) -> [[String]] {
        let section = prose.drop { !($0.hasPrefix("#") && $0.hasSuffix(" " + heading)) }
            .dropFirst().prefix { !$0.hasPrefix("#") }
        return section.filter { $0.hasPrefix("|") }.dropFirst(2).map { row in
            row.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingSpaces }
        }
    }
}

extension Substring {
    /// The text without spaces at its ends.
    fileprivate var trimmingSpaces: String {
        var rest = drop { $0 == " " }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
