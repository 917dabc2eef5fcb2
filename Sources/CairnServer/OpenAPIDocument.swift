// SPDX-License-Identifier: Apache-2.0

/// The contract of the native dialect, as OpenAPI 3.1.
package enum OpenAPIDocument {
    /// The document, in YAML; `docs/openapi.yaml` is the same.
    package static let text = #"""
        openapi: 3.1.1
        """#
}
