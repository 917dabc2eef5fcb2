// SPDX-License-Identifier: Apache-2.0

/// The members of a JSON object, in the order in which they were given.
///
/// Names are compared by their bytes. Two objects are equal if they have equal members, in whatever
/// order.
public struct JSONObject: Sendable, Sequence {
    /// From this count on, names are found by hashing.
    private static let indexedCount = 16

    private var members: [(name: String, value: JSONValue)] = []
    /// Where each name is; empty while there are few.
    private var positions: [JSONName: Int] = [:]

    /// Makes an object without members.
    public init() {}

    /// Makes an object of members whose names all differ.
    public init(_ members: [(name: String, value: JSONValue)]) {
        self.init(unchecked: members)
        precondition(
            Set(members.map { JSONName($0.name) }).count == members.count,
            "two members of one name"
        )
    }

    /// Makes an object of members whose names are known to differ.
    init(unchecked members: [(name: String, value: JSONValue)]) {
        self.members = members
        index()
    }

    /// How many members there are.
    public var count: Int {
        members.count
    }

    /// Whether there is no member.
    public var isEmpty: Bool {
        members.isEmpty
    }

    /// The value of a member; setting nil removes the member, a new name is added at the end.
    public subscript(_ name: String) -> JSONValue? {
        get {
            position(of: name).map { members[$0].value }
        }
        set {
            switch (position(of: name), newValue) {
            case (let position?, let value?):
                members[position].value = value
            case (let position?, nil):
                members.remove(at: position)
                index()
            case (nil, let value?):
                members.append((name, value))
                if positions.isEmpty {
                    index()
                } else {
                    positions[JSONName(name)] = members.count - 1
                }
            case (nil, nil):
                break
            }
        }
    }

    /// Goes through the members in their order.
    public func makeIterator() -> IndexingIterator<[(name: String, value: JSONValue)]> {
        members.makeIterator()
    }

    private func position(of name: String) -> Int? {
        guard positions.isEmpty else { return positions[JSONName(name)] }
        return members.firstIndex { JSONText.areEqual($0.name, name) }
    }

    private mutating func index() {
        positions.removeAll()
        guard members.count >= Self.indexedCount else { return }
        for (position, member) in members.enumerated() {
            positions[JSONName(member.name)] = position
        }
    }
}

extension JSONObject: Hashable {
    /// Compares by members, whatever their order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.name] == $0.value }
    }

    /// Hashes such that the order of members does not count.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members {
            var own = Hasher()
            own.combine(JSONName(member.name))
            own.combine(member.value)
            sum &+= own.finalize()
        }
        hasher.combine(count)
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Makes an object of a literal, in its order; a name used twice traps.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements.map { (name: $0.0, value: $0.1) })
    }
}
