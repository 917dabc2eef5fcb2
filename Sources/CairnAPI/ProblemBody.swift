// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// What went wrong, as RFC 9457 says it.
package struct ProblemBody: Equatable, Sendable {
    /// One member of the input that broke a rule.
    package struct Member: Equatable, Sendable {
        /// The member, as a dotted path; empty for the input as a whole.
        package let field: String
        /// The rule; stable, for programs.
        package let code: String
        /// The rule in words.
        package let message: String

        /// Names a broken rule.
        package init(field: String, code: String, message: String) {
            self.field = field
            self.code = code
            self.message = message
        }
    }

    /// What every problem's type begins with; the code follows.
    package static let typePrefix = "urn:cairn:problem:"
    /// What every problem's instance begins with; the request's id follows.
    package static let instancePrefix = "urn:cairn:request:"

    /// The status of the answer, or of the item of a bulk.
    package var status: Int
    /// The kind of problem; stable, for programs.
    package var code: String
    /// The kind of problem in words.
    package var title: String
    /// This occurrence in words.
    package var detail: String?
    /// The request it happened in.
    package var requestID: String?
    /// The members of the input that broke a rule.
    package var errors: [Member] = []
    /// The first receipt, where the content of a repeated event can no longer be compared.
    package var receipt: ReceiptBody?
    /// The dependencies of the server and their states, where it is not ready.
    package var checks: [(name: String, state: String)] = []

    /// Names a problem.
    package init(
        status: Int,
        code: String,
        title: String,
        detail: String? = nil,
        requestID: String? = nil,
        errors: [Member] = []
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.requestID = requestID
        self.errors = errors
    }

    /// Whether all members are equal.
    package static func == (left: ProblemBody, right: ProblemBody) -> Bool {
        left.status == right.status && left.code == right.code && left.title == right.title
            && left.detail == right.detail && left.requestID == right.requestID
            && left.errors == right.errors && left.receipt == right.receipt
            && left.checks.elementsEqual(right.checks, by: ==)
    }

    /// Reads a problem; members of another type are passed over, as RFC 9457 section 3.1 asks.
    package init(_ value: JSONValue) throws(MalformedBody) {
        guard let status = value["status"]?.integer, let code = value["code"]?.string else {
            throw MalformedBody("a problem's `status` or `code`")
        }
        let errors = (value["errors"]?.array ?? []).map { entry in
            Member(
                field: entry["field"]?.string ?? "",
                code: entry["code"]?.string ?? "",
                message: entry["message"]?.string ?? ""
            )
        }
        self.init(
            status: status,
            code: code,
            title: value["title"]?.string ?? "",
            detail: value["detail"]?.string,
            requestID: value["request_id"]?.string,
            errors: errors
        )
        if let first = value["receipt"] { receipt = try ReceiptBody(first) }
        checks =
            (value["checks"]?.object).map { object in
                object.map { (name: $0.name, state: $0.value.string ?? "") }
            } ?? []
    }

    /// Writes the problem.
    package func append(to output: inout JSONOutput) {
        output.beginObject()
        output.name("type")
        output.value(ProblemBody.typePrefix + code)
        output.member("title", title)
        output.member("status", status)
        output.member("detail", ifPresent: detail)
        if let requestID {
            output.member("instance", ProblemBody.instancePrefix + requestID)
        }
        output.member("code", code)
        output.member("request_id", ifPresent: requestID)
        if !errors.isEmpty {
            output.name("errors")
            output.beginArray()
            for error in errors {
                output.beginObject()
                output.member("field", error.field)
                output.member("code", error.code)
                output.member("message", error.message)
                output.endObject()
            }
            output.endArray()
        }
        if let receipt {
            output.name("receipt")
            receipt.append(to: &output)
        }
        if !checks.isEmpty {
            output.name("checks")
            output.beginObject()
            for check in checks {
                output.name(text: check.name)
                output.value(check.state)
            }
            output.endObject()
        }
        output.endObject()
    }
}
