// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// What became of one event of a bulk, or of one line of a stream.
package struct AppendResult: Equatable, Sendable {
    /// The number of the line, from 1; nil in a bulk.
    package let line: Int?
    /// What the status of the answer would be, had the event come alone.
    package let status: Int
    /// The receipt, if it is recorded.
    package let receipt: ReceiptBody?
    /// The problem, if it is not.
    package let problem: ProblemBody?

    /// Names a result.
    package init(line: Int?, status: Int, receipt: ReceiptBody?, problem: ProblemBody?) {
        self.line = line
        self.status = status
        self.receipt = receipt
        self.problem = problem
    }

    /// Reads one result.
    package init(_ value: JSONValue) throws(MalformedBody) {
        guard let status = value["status"]?.integer else {
            throw MalformedBody("a result's `status`")
        }
        var receipt: ReceiptBody?
        if let value = value["receipt"] { receipt = try ReceiptBody(value) }
        var problem: ProblemBody?
        if let value = value["problem"] { problem = try ProblemBody(value) }
        guard (receipt == nil) != (problem == nil) else {
            throw MalformedBody("a result is a receipt or a problem")
        }
        self.init(
            line: value["line"]?.integer,
            status: status,
            receipt: receipt,
            problem: problem
        )
    }

    /// Writes the result, with what proves the receipt if that was asked for.
    package func append(to output: inout JSONOutput, evidence: RecordProof? = nil) {
        output.beginObject()
        if let line { output.member("line", line) }
        output.member("status", status)
        if let receipt {
            output.name("receipt")
            receipt.append(to: &output, evidence: evidence)
        }
        if let problem {
            output.name("problem")
            problem.append(to: &output)
        }
        output.endObject()
    }
}

/// The answer to a bulk.
package struct BulkBody: Equatable, Sendable {
    /// How many events are recorded, now or before.
    package let accepted: Int
    /// How many are not.
    package let rejected: Int
    /// What became of each, in order of input.
    package let results: [AppendResult]

    /// Reads an answer.
    package init(_ value: JSONValue) throws(MalformedBody) {
        guard let accepted = value["accepted"]?.integer, let rejected = value["rejected"]?.integer,
            let list = value["results"]?.array
        else { throw MalformedBody("a bulk's `accepted`, `rejected` or `results`") }
        var results: [AppendResult] = []
        for entry in list { results.append(try AppendResult(entry)) }
        self.accepted = accepted
        self.rejected = rejected
        self.results = results
    }
}
