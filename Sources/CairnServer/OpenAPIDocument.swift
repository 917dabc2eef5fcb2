// SPDX-License-Identifier: Apache-2.0

/// The contract of the native dialect, as OpenAPI 3.1.
package enum OpenAPIDocument {
    /// The document, in YAML; `docs/openapi.yaml` is the same.
    package static let text = #"""
        openapi: 3.1.1
        info:
          title: Cairn
          version: "1"
          summary: An audit log that proves itself.
          description: |
            Record who did what, search it, and let anyone check that nothing was changed, removed
            or slipped in. Times are RFC 3339 in UTC, hashes are lower-case hex, absent members are
            absent and never null. Ranges are half-open; a bare date as the end of one means the end
            of that day.
          license:
            name: Apache-2.0
            identifier: Apache-2.0
        servers:
          - url: /
        security:
          - bearer: []
          - {}
        tags:
          - name: events
            description: Writing and reading records.
          - name: ledger
            description: What a ledger says of itself, and proofs of it.
          - name: exports
            description: Packages of records that prove themselves.
          - name: dialects
            description: The ledger in the shapes that older services speak.
          - name: access
            description: Tenants, and the keys that open their ledgers.
          - name: operation
            description: Whether the server lives, is ready, and what it counts.

        paths:
          /v1/events:
            post:
              tags: [events]
              operationId: appendEvents
              summary: Record one event, a bulk of events, or a stream of them.
              description: |
                A 2xx answer, or item, means that the record is durable. An event that was recorded
                before with the same content is answered with its first receipt.
              parameters:
                - $ref: "#/components/parameters/Proof"
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      oneOf:
                        - $ref: "#/components/schemas/Event"
                        - $ref: "#/components/schemas/Bulk"
                  application/x-ndjson:
                    schema:
                      type: string
                      description: One event object a line.
              responses:
                "200":
                  description: |
                    An event that was recorded before, a bulk of such events, or the results of a
                    stream, one a line.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema:
                        oneOf:
                          - $ref: "#/components/schemas/Receipt"
                          - $ref: "#/components/schemas/BulkAnswer"
                    application/x-ndjson:
                      schema:
                        type: string
                        description: One StreamResult a line, in order of input.
                "201":
                  description: A new event, or a bulk with new events of which none failed.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                    Location:
                      description: Where the record of a single event is.
                      schema: {type: string}
                  content:
                    application/json:
                      schema:
                        oneOf:
                          - $ref: "#/components/schemas/Receipt"
                          - $ref: "#/components/schemas/BulkAnswer"
                "207":
                  description: A bulk with mixed results.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/BulkAnswer"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/ProblemOrBulk"}
                "413": {$ref: "#/components/responses/ProblemOrBulk"}
                "415": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/ProblemOrBulk"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/UnavailableOrBulk"}
            get:
              tags: [events]
              operationId: listEvents
              summary: Search records, a page at a time.
              description: |
                Repeated parameters are alternatives; different ones must all hold. Members of
                `details` are compared by parameters named `details.<path>`, such as
                `details.order.id=42`. The first page pins the size of the ledger: later pages show
                nothing appended since.
              parameters:
                - $ref: "#/components/parameters/Type"
                - $ref: "#/components/parameters/Action"
                - $ref: "#/components/parameters/Category"
                - $ref: "#/components/parameters/Outcome"
                - $ref: "#/components/parameters/Severity"
                - $ref: "#/components/parameters/Risk"
                - $ref: "#/components/parameters/ActorID"
                - $ref: "#/components/parameters/ActorType"
                - $ref: "#/components/parameters/ResourceType"
                - $ref: "#/components/parameters/ResourceID"
                - $ref: "#/components/parameters/IP"
                - $ref: "#/components/parameters/SourceRequestID"
                - $ref: "#/components/parameters/SessionID"
                - $ref: "#/components/parameters/ExternalID"
                - $ref: "#/components/parameters/Details"
                - $ref: "#/components/parameters/From"
                - $ref: "#/components/parameters/To"
                - $ref: "#/components/parameters/ReceivedFrom"
                - $ref: "#/components/parameters/ReceivedTo"
                - $ref: "#/components/parameters/IndexFrom"
                - $ref: "#/components/parameters/IndexTo"
                - $ref: "#/components/parameters/Words"
                - name: sort
                  in: query
                  schema: {type: string, enum: [occurred_at, index], default: occurred_at}
                - name: order
                  in: query
                  schema: {type: string, enum: [asc, desc], default: desc}
                - $ref: "#/components/parameters/Limit"
                - name: cursor
                  in: query
                  description: The `next_cursor` of the page before; filters and order stay.
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: A page.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Page"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/events/{id}:
            get:
              tags: [events]
              operationId: getEvent
              summary: One record.
              parameters:
                - $ref: "#/components/parameters/EventID"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The record.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Record"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/events/{id}/proof:
            get:
              tags: [events]
              operationId: getProof
              summary: Everything an offline verifier needs for one record.
              description: |
                With `Accept: text/plain` the answer is a C2SP tlog-proof file, which proves the
                leaf and shows no field.
              parameters:
                - $ref: "#/components/parameters/EventID"
                - name: size
                  in: query
                  description: |
                    The number of records that the checkpoint covers. Only a size that was signed
                    can be given; the current one is signed when it is asked for.
                  schema: {$ref: "#/components/schemas/Index"}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The proof.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/RecordProof"}
                    text/plain:
                      schema:
                        type: string
                        description: A C2SP tlog-proof file.
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/exports/stream:
            get:
              tags: [events]
              operationId: streamRecords
              summary: All records that match, in order of their index.
              description: |
                The ledger is read at the size it has when the answer begins. An answer that is not complete ends
                with an error of the connection, never as if it were.
              parameters:
                - name: format
                  in: query
                  schema: {enum: [ndjson, csv], default: ndjson}
                - name: columns
                  in: query
                  description: The columns of CSV.
                  schema: {enum: [complete/1, orgs/1, orgs-details/1, security/1], default: complete/1}
                - name: formulas
                  in: query
                  description: Whether a cell of CSV that a spreadsheet may run gets an apostrophe in front.
                  schema: {enum: [neutralised, raw], default: neutralised}
                - name: bom
                  in: query
                  description: Whether CSV begins with a byte order mark.
                  schema: {type: boolean}
                - $ref: "#/components/parameters/Type"
                - $ref: "#/components/parameters/Action"
                - $ref: "#/components/parameters/Category"
                - $ref: "#/components/parameters/Outcome"
                - $ref: "#/components/parameters/Severity"
                - $ref: "#/components/parameters/Risk"
                - $ref: "#/components/parameters/ActorID"
                - $ref: "#/components/parameters/ActorType"
                - $ref: "#/components/parameters/ResourceType"
                - $ref: "#/components/parameters/ResourceID"
                - $ref: "#/components/parameters/IP"
                - $ref: "#/components/parameters/SourceRequestID"
                - $ref: "#/components/parameters/SessionID"
                - $ref: "#/components/parameters/ExternalID"
                - $ref: "#/components/parameters/Details"
                - $ref: "#/components/parameters/From"
                - $ref: "#/components/parameters/To"
                - $ref: "#/components/parameters/ReceivedFrom"
                - $ref: "#/components/parameters/ReceivedTo"
                - $ref: "#/components/parameters/IndexFrom"
                - $ref: "#/components/parameters/IndexTo"
                - $ref: "#/components/parameters/Words"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The records, one a line.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                    Content-Disposition:
                      description: The name of a file.
                      schema: {type: string}
                  content:
                    application/x-ndjson:
                      schema: {type: string, description: One Record a line.}
                    text/csv:
                      schema: {type: string, description: A header and a record each.}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /v1/exports:
            post:
              tags: [exports]
              operationId: createExport
              summary: Make a package of all records that match, in the background.
              description: |
                Needs `exports:write`. The ledger is exported as it is now. That it was asked for is a record of the
                ledger.
              parameters:
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: false
                content:
                  application/json:
                    schema: {$ref: "#/components/schemas/ExportRequest"}
              responses:
                "202":
                  description: The export is queued.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                    Location:
                      description: Where to ask how far it is.
                      schema: {type: string}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Export"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/Problem"}
                "413": {$ref: "#/components/responses/Problem"}
                "415": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
            get:
              tags: [exports]
              operationId: listExports
              summary: The newest 1 000 exports, the newest first.
              description: Needs `exports:read`. Who is shown a part of the ledger sees the exports of that part.
              parameters:
                - $ref: "#/components/parameters/Limit"
                - $ref: "#/components/parameters/ListCursor"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: A page of exports.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [exports]
                        properties:
                          exports: {type: array, items: {$ref: "#/components/schemas/Export"}}
                          next_cursor: {type: string}
                        additionalProperties: false
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/exports/formats:
            get:
              tags: [exports]
              operationId: listExportFormats
              summary: The formats of exports, and what goes with each.
              parameters:
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The formats.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [formats]
                        properties:
                          formats:
                            type: array
                            items:
                              type: object
                              required: [format, media_type, description, compressions]
                              properties:
                                format: {enum: [csv, json, ndjson, xlsx]}
                                media_type: {type: string}
                                description: {type: string}
                                compressions: {type: array, items: {enum: [none, gzip, zstd]}}
                                columns: {type: array, items: {type: string}}
                              additionalProperties: false
                        additionalProperties: false
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/exports/{id}:
            get:
              tags: [exports]
              operationId: getExport
              summary: How far an export is.
              parameters:
                - $ref: "#/components/parameters/ExportID"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200": {$ref: "#/components/responses/Export"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
            delete:
              tags: [exports]
              operationId: cancelExport
              summary: Call an export off, or take the file of a finished one away.
              parameters:
                - $ref: "#/components/parameters/ExportID"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200": {$ref: "#/components/responses/Export"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/exports/{id}/download:
            get:
              tags: [exports]
              operationId: downloadExport
              summary: A link to the file of a finished export, made now.
              description: |
                The link is a secret: whoever has it downloads the file, without a credential, until it ends. That it
                was asked for is a record of the ledger.
              parameters:
                - $ref: "#/components/parameters/ExportID"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "302":
                  description: Where the file is.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                    Location:
                      description: The link.
                      schema: {type: string}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/Problem"}
                "410": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/exports/{id}/file:
            get:
              tags: [exports]
              operationId: getExportFile
              summary: The file of an export, by a link that this server made.
              security: [{}]
              parameters:
                - $ref: "#/components/parameters/ExportID"
                - name: expires
                  in: query
                  required: true
                  description: When the link ends, in seconds since 1970.
                  schema: {type: integer, minimum: 0}
                - name: signature
                  in: query
                  required: true
                  schema: {type: string}
                - name: Range
                  in: header
                  description: One range of bytes (RFC 9110, section 14.2).
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The file.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/zip: {schema: {type: string, format: binary}}
                "206":
                  description: A part of the file.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                    Content-Range: {schema: {type: string}}
                  content:
                    application/zip: {schema: {type: string, format: binary}}
                "400": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "410": {$ref: "#/components/responses/Problem"}
                "416":
                  description: The file has no such part.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                    Content-Range: {schema: {type: string}}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/ledger:
            get:
              tags: [ledger]
              operationId: getLedger
              summary: The ledger's name, head and key.
              parameters:
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The ledger.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Ledger"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/checkpoint:
            get:
              tags: [ledger]
              operationId: getCheckpoint
              summary: A signed checkpoint that covers every record acknowledged before the request.
              parameters:
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200": {$ref: "#/components/responses/Checkpoint"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/consistency:
            get:
              tags: [ledger]
              operationId: getConsistency
              summary: The proof that the first `to` records begin with the first `from` records.
              parameters:
                - name: from
                  in: query
                  required: true
                  schema: {type: integer, minimum: 1}
                - name: to
                  in: query
                  description: The current size unless another is given.
                  schema: {type: integer, minimum: 1}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The proof (RFC 9162 section 2.1.4).
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Consistency"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /tlog/{ledger}/checkpoint:
            get:
              tags: [ledger]
              operationId: getLogCheckpoint
              summary: The signed checkpoint, where C2SP tlog-tiles clients look for it.
              parameters:
                - $ref: "#/components/parameters/LedgerID"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200": {$ref: "#/components/responses/Checkpoint"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /tlog/{ledger}/tile/{tile}:
            get:
              tags: [ledger]
              operationId: getTile
              summary: A tile of hashes, or a bundle of leaves (C2SP tlog-tiles).
              parameters:
                - $ref: "#/components/parameters/LedgerID"
                - name: tile
                  in: path
                  required: true
                  description: |
                    `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`; the slashes are part of the path.
                  schema:
                    type: string
                    pattern: "^([0-9]|[1-5][0-9]|6[0-3]|entries)/\
                      (x[0-9]{3}/)*[0-9]{3}(\\.p/[0-9]{1,3})?$"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: |
                    For a tile, hashes of 32 bytes one after the other; for a bundle, leaves, each
                    after its length in two bytes.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                    Cache-Control:
                      description: What a path names never changes.
                      schema: {type: string}
                  content:
                    application/octet-stream: {}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/verifications:
            post:
              tags: [ledger]
              operationId: submitVerification
              summary: Re-derive the ledger in the background and compare.
              parameters:
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: false
                content:
                  application/json:
                    schema: {$ref: "#/components/schemas/VerificationRequest"}
              responses:
                "202":
                  description: The verification is queued.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                    Location:
                      description: Where to ask how far it is.
                      schema: {type: string}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Verification"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/Problem"}
                "413": {$ref: "#/components/responses/Problem"}
                "415": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/verifications/{id}:
            get:
              tags: [ledger]
              operationId: getVerification
              summary: How far a verification is, and its verdict.
              parameters:
                - $ref: "#/components/parameters/VerificationID"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200": {$ref: "#/components/responses/Verification"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
            delete:
              tags: [ledger]
              operationId: cancelVerification
              summary: Call a verification off; one that has ended stays as it is.
              parameters:
                - $ref: "#/components/parameters/VerificationID"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200": {$ref: "#/components/responses/Verification"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/stats:
            get:
              tags: [events]
              operationId: getStatistics
              summary: Counts over a range of the callers' time.
              parameters:
                - $ref: "#/components/parameters/From"
                - $ref: "#/components/parameters/To"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The counts.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Statistics"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/keys:
            post:
              tags: [access]
              operationId: createKey
              summary: Make a key; this answer alone shows it.
              description: |
                Needs `keys:manage`. That the key was made is a record of the tenant's ledger. A key with
                `tenants:manage` can be made only by a credential that has it.
              parameters:
                - $ref: "#/components/parameters/Tenant"
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: "#/components/schemas/KeyRequest"}
              responses:
                "201":
                  description: The key is made; `key` is shown this once.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Key"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/Problem"}
                "413": {$ref: "#/components/responses/Problem"}
                "415": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
            get:
              tags: [access]
              operationId: listKeys
              summary: All keys of a tenant, those that were revoked too.
              parameters:
                - $ref: "#/components/parameters/Tenant"
                - $ref: "#/components/parameters/Limit"
                - $ref: "#/components/parameters/ListCursor"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The keys, by when they were made.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [keys]
                        properties:
                          keys: {type: array, items: {$ref: "#/components/schemas/Key"}}
                          next_cursor: {type: string}
                        additionalProperties: false
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/keys/{id}:
            delete:
              tags: [access]
              operationId: revokeKey
              summary: Revoke a key; every server refuses it within five seconds.
              description: |
                Needs `keys:manage`. That it was revoked is a record of the tenant's ledger. A key that was
                revoked before stays as it is.
              parameters:
                - name: id
                  in: path
                  required: true
                  description: The 12 hex digits after `cairn_`.
                  schema: {type: string}
                - $ref: "#/components/parameters/Tenant"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The key, revoked.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Key"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/viewer-tokens:
            post:
              tags: [access]
              operationId: createViewerToken
              summary: Make a short-lived credential that shows a part of the ledger; this answer alone shows it.
              description: |
                Needs `events:read`, and every scope that is asked for. That the token was made is a record
                of the ledger. It ends with the credential that makes it. Where a filter narrows it, what the
                filter does not match is not there for it: records, proofs and statistics are of the rest,
                and tiles, consistency proofs and verifications are 404.
              parameters:
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: "#/components/schemas/ViewerTokenRequest"}
              responses:
                "201":
                  description: The token is made; `token` is shown this once.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/ViewerToken"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/Problem"}
                "413": {$ref: "#/components/responses/Problem"}
                "415": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/viewer-tokens/{id}:
            delete:
              tags: [access]
              operationId: revokeViewerToken
              summary: Revoke a viewer token; every server refuses it within five seconds.
              description: |
                Needs `events:read`. That it was revoked is a record of the ledger. Again is as once.
              parameters:
                - name: id
                  in: path
                  required: true
                  description: The id that the token was made with, 32 hex digits.
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "204":
                  description: The token is refused from now on.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/tenants:
            post:
              tags: [access]
              operationId: createTenant
              summary: Make a tenant and its ledger, whose first record says who made it.
              description: Needs `tenants:manage`.
              parameters:
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      required: [name]
                      properties:
                        name: {type: string, pattern: "^[A-Za-z0-9._-]{1,128}$"}
                      additionalProperties: false
              responses:
                "201":
                  description: The tenant is made.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                    Location:
                      description: Where the tenant is.
                      schema: {type: string}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Tenant"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/Problem"}
                "413": {$ref: "#/components/responses/Problem"}
                "415": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
            get:
              tags: [access]
              operationId: listTenants
              summary: All tenants, by name.
              parameters:
                - $ref: "#/components/parameters/Limit"
                - $ref: "#/components/parameters/ListCursor"
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The tenants.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [tenants]
                        properties:
                          tenants: {type: array, items: {$ref: "#/components/schemas/Tenant"}}
                          next_cursor: {type: string}
                        additionalProperties: false
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/tenants/{name}:
            get:
              tags: [access]
              operationId: getTenant
              summary: One tenant.
              parameters:
                - name: name
                  in: path
                  required: true
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The tenant.
                  headers:
                    X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Tenant"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /v1/orgs/{orgId}/audit:
            post:
              tags: [dialects]
              operationId: createOrgsEvent
              summary: Record an event of an organisation.
              parameters:
                - name: orgId
                  in: path
                  description: The credential's tenant.
                  required: true
                  schema: {type: string}
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: "#/components/schemas/OrgsEvent"}
              responses:
                "200":
                  description: An event that was recorded before.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/OrgsRecord"}
                "201":
                  description: The event as it is recorded.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/OrgsRecord"}
                "400": {$ref: "#/components/responses/OrgsError"}
                "401": {$ref: "#/components/responses/OrgsError"}
                "403": {$ref: "#/components/responses/OrgsError"}
                "404": {$ref: "#/components/responses/OrgsError"}
                "409": {$ref: "#/components/responses/OrgsError"}
                "413": {$ref: "#/components/responses/OrgsError"}
                "415": {$ref: "#/components/responses/OrgsError"}
                "422": {$ref: "#/components/responses/OrgsError"}
                "429": {$ref: "#/components/responses/OrgsLimited"}
                "500": {$ref: "#/components/responses/OrgsError"}
                "503": {$ref: "#/components/responses/OrgsUnavailable"}
            get:
              tags: [dialects]
              operationId: listOrgsEvents
              summary: Events of an organisation, newest first.
              parameters:
                - name: orgId
                  in: path
                  description: The credential's tenant.
                  required: true
                  schema: {type: string}
                - name: startDate
                  in: query
                  description: An ISO 8601 time or date; without an offset, UTC.
                  required: true
                  schema: {type: string}
                - name: endDate
                  in: query
                  description: The first instant that is too late; a bare date means the end of that day.
                  required: true
                  schema: {type: string}
                - name: eventType
                  in: query
                  description: One of the seven names, or a dotted type; repeated ones are alternatives.
                  schema: {type: array, items: {type: string}}
                - name: pageSize
                  in: query
                  description: 50 unless it is given; drawn into 1 to 100, and then told in X-Page-Size.
                  schema: {type: integer}
                - name: startAt
                  in: query
                  description: The `nextToken` of the page before.
                  schema: {type: string}
                - name: outcome
                  in: query
                  schema: {enum: [SUCCESS, FAILURE, DENIED]}
                - name: userId
                  in: query
                  schema: {type: string}
                - name: resourceType
                  in: query
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: A page.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/OrgsPage"}
                "400": {$ref: "#/components/responses/OrgsError"}
                "401": {$ref: "#/components/responses/OrgsError"}
                "403": {$ref: "#/components/responses/OrgsError"}
                "404": {$ref: "#/components/responses/OrgsError"}
                "429": {$ref: "#/components/responses/OrgsLimited"}
                "500": {$ref: "#/components/responses/OrgsError"}
                "503": {$ref: "#/components/responses/OrgsUnavailable"}
          /v1/orgs/{orgId}/audit/users/{userId}:
            get:
              tags: [dialects]
              operationId: listOrgsEventsOfUser
              summary: What a user did, newest first.
              parameters:
                - name: orgId
                  in: path
                  description: The credential's tenant.
                  required: true
                  schema: {type: string}
                - name: userId
                  in: path
                  required: true
                  schema: {type: string}
                - name: startDate
                  in: query
                  description: An ISO 8601 time or date; without an offset, UTC.
                  required: true
                  schema: {type: string}
                - name: endDate
                  in: query
                  description: The first instant that is too late; a bare date means the end of that day.
                  required: true
                  schema: {type: string}
                - name: eventType
                  in: query
                  description: One of the seven names, or a dotted type; repeated ones are alternatives.
                  schema: {type: array, items: {type: string}}
                - name: pageSize
                  in: query
                  description: 50 unless it is given; drawn into 1 to 100, and then told in X-Page-Size.
                  schema: {type: integer}
                - name: startAt
                  in: query
                  description: The `nextToken` of the page before.
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: A page.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/OrgsPage"}
                "400": {$ref: "#/components/responses/OrgsError"}
                "401": {$ref: "#/components/responses/OrgsError"}
                "403": {$ref: "#/components/responses/OrgsError"}
                "404": {$ref: "#/components/responses/OrgsError"}
                "429": {$ref: "#/components/responses/OrgsLimited"}
                "500": {$ref: "#/components/responses/OrgsError"}
                "503": {$ref: "#/components/responses/OrgsUnavailable"}
          /v1/orgs/{orgId}/audit/resources/{type}/{id}:
            get:
              tags: [dialects]
              operationId: listOrgsEventsOfResource
              summary: What was done to a resource, newest first.
              parameters:
                - name: orgId
                  in: path
                  description: The credential's tenant.
                  required: true
                  schema: {type: string}
                - name: type
                  in: path
                  required: true
                  schema: {type: string}
                - name: id
                  in: path
                  required: true
                  schema: {type: string}
                - name: startDate
                  in: query
                  description: An ISO 8601 time or date; without an offset, UTC.
                  required: true
                  schema: {type: string}
                - name: endDate
                  in: query
                  description: The first instant that is too late; a bare date means the end of that day.
                  required: true
                  schema: {type: string}
                - name: eventType
                  in: query
                  description: One of the seven names, or a dotted type; repeated ones are alternatives.
                  schema: {type: array, items: {type: string}}
                - name: pageSize
                  in: query
                  description: 50 unless it is given; drawn into 1 to 100, and then told in X-Page-Size.
                  schema: {type: integer}
                - name: startAt
                  in: query
                  description: The `nextToken` of the page before.
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: A page.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/OrgsPage"}
                "400": {$ref: "#/components/responses/OrgsError"}
                "401": {$ref: "#/components/responses/OrgsError"}
                "403": {$ref: "#/components/responses/OrgsError"}
                "404": {$ref: "#/components/responses/OrgsError"}
                "429": {$ref: "#/components/responses/OrgsLimited"}
                "500": {$ref: "#/components/responses/OrgsError"}
                "503": {$ref: "#/components/responses/OrgsUnavailable"}
          /v1/orgs/{orgId}/audit/summary:
            get:
              tags: [dialects]
              operationId: summariseOrgsEvents
              summary: Counts over a range of time.
              parameters:
                - name: orgId
                  in: path
                  description: The credential's tenant.
                  required: true
                  schema: {type: string}
                - name: startDate
                  in: query
                  description: An ISO 8601 time or date; without an offset, UTC.
                  required: true
                  schema: {type: string}
                - name: endDate
                  in: query
                  description: The first instant that is too late; a bare date means the end of that day.
                  required: true
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The counts.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/OrgsSummary"}
                "400": {$ref: "#/components/responses/OrgsError"}
                "401": {$ref: "#/components/responses/OrgsError"}
                "403": {$ref: "#/components/responses/OrgsError"}
                "404": {$ref: "#/components/responses/OrgsError"}
                "422": {$ref: "#/components/responses/OrgsError"}
                "429": {$ref: "#/components/responses/OrgsLimited"}
                "500": {$ref: "#/components/responses/OrgsError"}
                "503": {$ref: "#/components/responses/OrgsUnavailable"}
          /v1/orgs/{orgId}/audit/export:
            post:
              tags: [dialects]
              operationId: exportOrgsEvents
              summary: Make an export in the background.
              description: Needs `exports:write`. How far it is, and its file, are at `/v1/exports/{exportId}`.
              parameters:
                - name: orgId
                  in: path
                  description: The credential's tenant.
                  required: true
                  schema: {type: string}
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: "#/components/schemas/OrgsExportRequest"}
              responses:
                "202":
                  description: The export is queued.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [exportId, status, s3Key, downloadUrl, expiresAt, recordCount]
                        properties:
                          exportId: {type: string}
                          status: {type: string}
                          s3Key: {type: string}
                          downloadUrl: {type: string}
                          expiresAt: {$ref: "#/components/schemas/Time"}
                          recordCount: {type: integer, minimum: 0}
                        additionalProperties: false
                "400": {$ref: "#/components/responses/OrgsError"}
                "401": {$ref: "#/components/responses/OrgsError"}
                "403": {$ref: "#/components/responses/OrgsError"}
                "404": {$ref: "#/components/responses/OrgsError"}
                "409": {$ref: "#/components/responses/OrgsError"}
                "413": {$ref: "#/components/responses/OrgsError"}
                "422": {$ref: "#/components/responses/OrgsError"}
                "429": {$ref: "#/components/responses/OrgsLimited"}
                "500": {$ref: "#/components/responses/OrgsError"}
                "503": {$ref: "#/components/responses/OrgsUnavailable"}
          /api/v1/logs:
            post:
              tags: [dialects]
              operationId: createLog
              summary: Record an entry.
              parameters:
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: "#/components/schemas/LogEntry"}
              responses:
                "200":
                  description: An entry that was recorded before.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Log"}
                "201":
                  description: The entry as it is recorded.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Log"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/Problem"}
                "413": {$ref: "#/components/responses/Problem"}
                "415": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
            get:
              tags: [dialects]
              operationId: listLogs
              summary: Entries, newest first.
              parameters:
                - name: action
                  in: query
                  schema: {type: string}
                - name: severity
                  in: query
                  description: In either case.
                  schema: {type: string}
                - name: user_id
                  in: query
                  schema: {type: string}
                - name: resource_type
                  in: query
                  schema: {type: string}
                - name: resource_id
                  in: query
                  schema: {type: string}
                - name: search
                  in: query
                  description: Words that all occur.
                  schema: {type: string}
                - name: start_date
                  in: query
                  description: An ISO 8601 time or date; without an offset, UTC.
                  schema: {type: string}
                - name: end_date
                  in: query
                  description: The first instant that is too late; a bare date means the end of that day.
                  schema: {type: string}
                - name: page
                  in: query
                  description: 1 unless it is given; at most 10,000 items may be passed over.
                  schema: {type: integer, minimum: 1}
                - name: page_size
                  in: query
                  schema: {type: integer, minimum: 1, maximum: 100, default: 10}
                - name: snapshot
                  in: query
                  description: The `snapshot` of the first page, so that pages do not shift.
                  schema: {$ref: "#/components/schemas/Index"}
                - name: cursor
                  in: query
                  description: The `next_cursor` of the page before.
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: A page.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/LogPage"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/logs/bulk:
            post:
              tags: [dialects]
              operationId: createLogs
              summary: Record up to 100 entries; each has a result of its own.
              parameters:
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: "#/components/schemas/LogBulk"}
              responses:
                "200":
                  description: Entries that were recorded before.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/LogBulkAnswer"}
                "201":
                  description: New entries, of which none failed.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/LogBulkAnswer"}
                "207":
                  description: Mixed results.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/LogBulkAnswer"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/ProblemOrLogs"}
                "413": {$ref: "#/components/responses/ProblemOrLogs"}
                "422": {$ref: "#/components/responses/ProblemOrLogs"}
                "415": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/UnavailableOrLogs"}
          /api/v1/logs/stats:
            get:
              tags: [dialects]
              operationId: countLogs
              summary: Counts over all entries, or over a range.
              parameters:
                - name: start_date
                  in: query
                  description: An ISO 8601 time or date; without an offset, UTC.
                  schema: {type: string}
                - name: end_date
                  in: query
                  description: The first instant that is too late; a bare date means the end of that day.
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The counts.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/LogStatistics"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/logs/export:
            post:
              tags: [dialects]
              operationId: exportLogs
              summary: Make an export in the background.
              parameters:
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: false
                content:
                  application/json:
                    schema: {$ref: "#/components/schemas/LogExportRequest"}
              responses:
                "202":
                  description: The export.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/LogExport"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/Problem"}
                "413": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "415": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/logs/export/{pipeline_id}:
            get:
              tags: [dialects]
              operationId: getLogExport
              summary: How far an export is.
              parameters:
                - name: pipeline_id
                  in: path
                  required: true
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The export.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/LogExport"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/logs/cleanup:
            delete:
              tags: [dialects]
              operationId: cleanUpLogs
              summary: Not in this version.
              parameters:
                - $ref: "#/components/parameters/RequestID"
              responses:
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "501": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/logs/{log_id}:
            get:
              tags: [dialects]
              operationId: getLog
              summary: One entry.
              parameters:
                - name: log_id
                  in: path
                  required: true
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The entry.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Log"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/audit:
            post:
              tags: [dialects]
              operationId: createAuditEvent
              summary: Record an event.
              parameters:
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: "#/components/schemas/AuditEventInput"}
              responses:
                "200":
                  description: An event that was recorded before.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/AuditEvent"}
                "201":
                  description: The event as it is recorded.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/AuditEvent"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/Problem"}
                "413": {$ref: "#/components/responses/Problem"}
                "415": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
            get:
              tags: [dialects]
              operationId: listAuditEvents
              summary: Events, newest first.
              parameters:
                - name: event_type
                  in: query
                  description: A trailing `*` makes it the beginning of one.
                  schema: {type: string}
                - name: user_id
                  in: query
                  schema: {type: string}
                - name: action
                  in: query
                  schema: {type: string}
                - name: resource_type
                  in: query
                  schema: {type: string}
                - name: resource_id
                  in: query
                  schema: {type: string}
                - name: risk_level
                  in: query
                  schema: {type: string}
                - name: ip_address
                  in: query
                  schema: {type: string}
                - name: search
                  in: query
                  description: Words that all occur.
                  schema: {type: string}
                - name: start_date
                  in: query
                  description: An ISO 8601 time or date; without an offset, UTC.
                  schema: {type: string}
                - name: end_date
                  in: query
                  description: The first instant that is too late; a bare date means the end of that day.
                  schema: {type: string}
                - name: page
                  in: query
                  description: 1 unless it is given; at most 10,000 items may be passed over.
                  schema: {type: integer, minimum: 1}
                - name: page_size
                  in: query
                  schema: {type: integer, minimum: 1, maximum: 1000, default: 50}
                - name: snapshot
                  in: query
                  description: The `snapshot` of the first page, so that pages do not shift.
                  schema: {$ref: "#/components/schemas/Index"}
                - name: cursor
                  in: query
                  description: The `next_cursor` of the page before.
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: A page.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/AuditPage"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/audit/stats:
            get:
              tags: [dialects]
              operationId: countAuditEvents
              summary: Counts, and what the last verification found.
              parameters:
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The counts.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/AuditStatistics"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/audit/verify:
            post:
              tags: [dialects]
              operationId: verifyAuditEvents
              summary: Verify the ledger and wait for the verdict.
              parameters:
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: false
                content:
                  application/json:
                    schema: {$ref: "#/components/schemas/AuditVerifyRequest"}
              responses:
                "200":
                  description: What was found.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/AuditVerification"}
                "202":
                  description: It takes longer; ask for it where `Location` says.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Verification"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/Problem"}
                "413": {$ref: "#/components/responses/Problem"}
                "415": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/audit/{id}:
            get:
              tags: [dialects]
              operationId: getAuditEvent
              summary: One event.
              parameters:
                - name: id
                  in: path
                  required: true
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The event.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/AuditEvent"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/export:
            post:
              tags: [dialects]
              operationId: exportAuditEvents
              summary: Make an export in the background.
              parameters:
                - {name: requested_by, in: query, description: Not looked at; the credential says who it is., schema: {type: string}}
                - $ref: "#/components/parameters/IdempotencyKey"
                - $ref: "#/components/parameters/RequestID"
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: "#/components/schemas/AuditExportRequest"}
              responses:
                "202":
                  description: The export.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/AuditExport"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/Problem"}
                "413": {$ref: "#/components/responses/Problem"}
                "422": {$ref: "#/components/responses/Problem"}
                "415": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
            get:
              tags: [dialects]
              operationId: listAuditExports
              summary: Exports, the newest first.
              parameters:
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The exports.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/AuditExports"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/export/formats:
            get:
              tags: [dialects]
              operationId: listAuditExportFormats
              summary: Formats of exports.
              parameters:
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The formats.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/AuditExportFormats"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/export/{id}:
            get:
              tags: [dialects]
              operationId: getAuditExport
              summary: How far an export is.
              parameters:
                - name: id
                  in: path
                  required: true
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The export.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/AuditExport"}
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}
          /api/v1/export/{id}/download:
            get:
              tags: [dialects]
              operationId: downloadAuditExport
              summary: A link to the file of a finished export.
              parameters:
                - name: id
                  in: path
                  required: true
                  schema: {type: string}
                - $ref: "#/components/parameters/RequestID"
              responses:
                "200":
                  description: The link.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [download_url, expires_at]
                        properties:
                          download_url: {type: string}
                          expires_at: {$ref: "#/components/schemas/Time"}
                        additionalProperties: false
                "400": {$ref: "#/components/responses/Problem"}
                "401": {$ref: "#/components/responses/Problem"}
                "403": {$ref: "#/components/responses/Problem"}
                "404": {$ref: "#/components/responses/Problem"}
                "409": {$ref: "#/components/responses/Problem"}
                "410": {$ref: "#/components/responses/Problem"}
                "429": {$ref: "#/components/responses/Limited"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /health:
            get:
              tags: [operation]
              operationId: getHealth
              summary: Whether the server lives.
              security: []
              responses:
                "200": {$ref: "#/components/responses/Health"}
                "500": {$ref: "#/components/responses/Problem"}

          /health/live:
            get:
              tags: [operation]
              operationId: getLiveness
              summary: Whether the server lives.
              security: []
              responses:
                "200": {$ref: "#/components/responses/Health"}
                "500": {$ref: "#/components/responses/Problem"}

          /health/ready:
            get:
              tags: [operation]
              operationId: getReadiness
              summary: Whether each thing the server needs is there.
              security: []
              responses:
                "200":
                  description: All of them are.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Readiness"}
                "500": {$ref: "#/components/responses/Problem"}
                "503": {$ref: "#/components/responses/Unavailable"}

          /metrics:
            get:
              tags: [operation]
              operationId: getMetrics
              summary: What the server counts, in the text format of Prometheus.
              security: []
              responses:
                "200":
                  description: All series.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    text/plain:
                      schema: {type: string}
                "500": {$ref: "#/components/responses/Problem"}

          /openapi.yaml:
            get:
              tags: [operation]
              operationId: getContract
              summary: This document.
              security: []
              responses:
                "200":
                  description: The document.
                  headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
                  content:
                    application/yaml:
                      schema: {type: object}
                "500": {$ref: "#/components/responses/Problem"}

        components:
          securitySchemes:
            bearer:
              type: http
              scheme: bearer
              description: An API key or a JWT. A server started with `--no-auth` asks for none.

          headers:
            X-Request-Id:
              description: The request's id, which problems and the server's log name too.
              schema: {type: string}

          parameters:
            IdempotencyKey:
              name: Idempotency-Key
              in: header
              description: |
                A name of the request, 1 to 255 visible ASCII characters, in quotes or not. The same request
                under the same name is answered as it was first, for a week; another one is 422. Refused on
                a stream of events; give each event an id instead.
              schema:
                type: string
                pattern: '^([!#-\[\]-~]([ !#-\[\]-~]{0,253}[!#-\[\]-~])?|"[ !#-\[\]-~]{1,255}")$'
            Limit:
              name: limit
              in: query
              description: How many items a page has at most.
              schema: {type: integer, minimum: 1, maximum: 1000, default: 50}
            ListCursor:
              name: cursor
              in: query
              description: The `next_cursor` of the page before.
              schema: {type: string}
            Tenant:
              name: tenant
              in: query
              description: Another tenant than the credential's; needs `tenants:manage`.
              schema: {type: string}
            RequestID:
              name: X-Request-Id
              in: header
              description: |
                An id of the caller's own for the request. One is made if it is absent, or not of the form
                `[A-Za-z0-9._-]{1,128}`.
              schema: {type: string}
            Proof:
              name: proof
              in: query
              description: Whether receipts carry a checkpoint, an inclusion proof and a disclosure.
              schema: {type: boolean, default: false}
            EventID:
              name: id
              in: path
              required: true
              schema: {$ref: "#/components/schemas/EventID"}
            LedgerID:
              name: ledger
              in: path
              required: true
              description: The last part of the ledger's origin.
              schema: {type: string, pattern: "^[0-9a-f]{32}$"}
            ExportID:
              name: id
              in: path
              required: true
              schema: {type: string}
            VerificationID:
              name: id
              in: path
              required: true
              schema: {type: string}
            From:
              name: from
              in: query
              description: The caller's time, from.
              schema: {$ref: "#/components/schemas/Bound"}
            To:
              name: to
              in: query
              description: The caller's time, up to.
              schema: {$ref: "#/components/schemas/Bound"}
            Type:
              name: type
              in: query
              description: A type; a trailing `*` makes it the beginning of one.
              schema: {$ref: "#/components/schemas/Alternatives"}
            Action:
              name: action
              in: query
              schema: {$ref: "#/components/schemas/Alternatives"}
            Category:
              name: category
              in: query
              schema: {$ref: "#/components/schemas/Alternatives"}
            Outcome:
              name: outcome
              in: query
              schema:
                type: array
                items: {$ref: "#/components/schemas/Outcome"}
            Severity:
              name: severity
              in: query
              schema:
                type: array
                items: {$ref: "#/components/schemas/Severity"}
            Risk:
              name: risk
              in: query
              schema:
                type: array
                items: {$ref: "#/components/schemas/Risk"}
            ActorID:
              name: actor_id
              in: query
              schema: {$ref: "#/components/schemas/Alternatives"}
            ActorType:
              name: actor_type
              in: query
              schema: {$ref: "#/components/schemas/Alternatives"}
            ResourceType:
              name: resource_type
              in: query
              schema: {$ref: "#/components/schemas/Alternatives"}
            ResourceID:
              name: resource_id
              in: query
              schema: {$ref: "#/components/schemas/Alternatives"}
            IP:
              name: ip
              in: query
              schema: {$ref: "#/components/schemas/Alternatives"}
            SourceRequestID:
              name: request_id
              in: query
              schema: {$ref: "#/components/schemas/Alternatives"}
            SessionID:
              name: session_id
              in: query
              schema: {$ref: "#/components/schemas/Alternatives"}
            ExternalID:
              name: external_id
              in: query
              schema: {$ref: "#/components/schemas/Alternatives"}
            Details:
              name: details
              in: query
              description: Equality on members, as parameters named `details.<path>`.
              style: form
              explode: true
              schema:
                type: object
                patternProperties:
                  "^details\\..+$": {$ref: "#/components/schemas/Alternatives"}
                additionalProperties: false
            ReceivedFrom:
              name: received_from
              in: query
              description: The server's time, from.
              schema: {$ref: "#/components/schemas/Bound"}
            ReceivedTo:
              name: received_to
              in: query
              description: The server's time, up to.
              schema: {$ref: "#/components/schemas/Bound"}
            IndexFrom:
              name: index_from
              in: query
              schema: {$ref: "#/components/schemas/Index"}
            IndexTo:
              name: index_to
              in: query
              schema: {$ref: "#/components/schemas/Index"}
            Words:
              name: q
              in: query
              description: |
                Words that all occur; `"…"` is a phrase, `word*` begins a word. There is at least one.
              schema: {type: string, minLength: 1}

          responses:
            Problem:
              description: What went wrong.
              headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
              content:
                application/problem+json:
                  schema: {$ref: "#/components/schemas/Problem"}
            ProblemOrBulk:
              description: What went wrong; or a bulk of which every event failed with this status.
              headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
              content:
                application/problem+json:
                  schema: {$ref: "#/components/schemas/Problem"}
                application/json:
                  schema: {$ref: "#/components/schemas/BulkAnswer"}
            Limited:
              description: The quota is used up; nothing of the request was read.
              headers:
                X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                Retry-After:
                  description: Seconds to wait.
                  schema: {type: integer, minimum: 1}
                RateLimit-Policy:
                  description: The quota, `"events";q=100;w=1`; also on answers that are within it.
                  schema: {type: string}
                RateLimit:
                  description: What is left of it, `"events";r=0;t=1`; also on answers that are within it.
                  schema: {type: string}
              content:
                application/problem+json:
                  schema: {$ref: "#/components/schemas/Problem"}
            Unavailable:
              description: The request can be repeated later.
              headers:
                X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                Retry-After:
                  description: Seconds to wait.
                  schema: {type: integer}
              content:
                application/problem+json:
                  schema: {$ref: "#/components/schemas/Problem"}
            UnavailableOrBulk:
              description: The request can be repeated later; of a bulk, nothing was written.
              headers:
                X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                Retry-After:
                  description: Seconds to wait.
                  schema: {type: integer}
              content:
                application/problem+json:
                  schema: {$ref: "#/components/schemas/Problem"}
                application/json:
                  schema: {$ref: "#/components/schemas/BulkAnswer"}
            OrgsError:
              description: What went wrong.
              headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
              content:
                application/json:
                  schema: {$ref: "#/components/schemas/OrgsError"}
            OrgsLimited:
              description: The quota is used up; `Retry-After` says when to try again.
              headers:
                X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                Retry-After:
                  description: Seconds to wait.
                  schema: {type: integer}
              content:
                application/json:
                  schema: {$ref: "#/components/schemas/OrgsError"}
            OrgsUnavailable:
              description: Try again in a moment.
              headers:
                X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                Retry-After:
                  description: Seconds to wait.
                  schema: {type: integer}
              content:
                application/json:
                  schema: {$ref: "#/components/schemas/OrgsError"}
            ProblemOrLogs:
              description: A problem, or a bulk of which every entry failed so.
              headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
              content:
                application/problem+json:
                  schema: {$ref: "#/components/schemas/Problem"}
                application/json:
                  schema: {$ref: "#/components/schemas/LogBulkAnswer"}
            UnavailableOrLogs:
              description: Try again in a moment; for a bulk, every entry says so.
              headers:
                X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}
                Retry-After:
                  description: Seconds to wait.
                  schema: {type: integer}
              content:
                application/problem+json:
                  schema: {$ref: "#/components/schemas/Problem"}
                application/json:
                  schema: {$ref: "#/components/schemas/LogBulkAnswer"}
            Checkpoint:
              description: A C2SP tlog-checkpoint, signed.
              headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
              content:
                text/plain:
                  schema: {type: string}
            Export:
              description: The export.
              headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
              content:
                application/json:
                  schema: {$ref: "#/components/schemas/Export"}
            Verification:
              description: The verification.
              headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
              content:
                application/json:
                  schema: {$ref: "#/components/schemas/Verification"}
            Health:
              description: The server lives.
              headers: {X-Request-Id: {$ref: "#/components/headers/X-Request-Id"}}
              content:
                application/json:
                  schema:
                    type: object
                    required: [status]
                    properties:
                      status: {const: ok}
                    additionalProperties: false

          schemas:
            Alternatives:
              type: array
              items: {type: string}
            Bound:
              type: string
              description: An RFC 3339 time, or a date; as an end, a date includes its day.
              anyOf:
                - {format: date-time}
                - {format: date}
            Index:
              type: integer
              minimum: 0
              maximum: 9007199254740991
            Time:
              type: string
              format: date-time
              pattern: "Z$"
            Hash:
              type: string
              pattern: "^[0-9a-f]{64}$"
            EventID:
              type: string
              format: uuid
              pattern: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[47][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"
              description: A UUID of version 4 or 7.
            Outcome: {type: string, enum: [success, failure, denied, error, unknown]}
            Severity: {type: string, enum: [debug, info, warning, error, critical]}
            Risk: {type: string, enum: [low, medium, high, critical]}

            Event:
              type: object
              required: [type, actor]
              properties:
                id: {$ref: "#/components/schemas/EventID"}
                type: {type: string, pattern: "^[A-Za-z0-9_.:-]{1,128}$"}
                action: {type: string}
                outcome: {$ref: "#/components/schemas/Outcome"}
                severity: {$ref: "#/components/schemas/Severity"}
                risk: {$ref: "#/components/schemas/Risk"}
                occurred_at:
                  type: string
                  description: An RFC 3339 time with any offset and up to nine fraction digits.
                  format: date-time
                actor:
                  type: object
                  required: [id]
                  properties:
                    type: {type: string}
                    id: {type: string, minLength: 1}
                    name: {type: string}
                    email: {type: string}
                    session_id: {type: string}
                  additionalProperties: false
                resources:
                  type: array
                  maxItems: 32
                  items: {$ref: "#/components/schemas/Resource"}
                source: {$ref: "#/components/schemas/Source"}
                description: {type: string}
                details: {type: object}
                change: {$ref: "#/components/schemas/Change"}
                external_id: {type: string}
              additionalProperties: false
            Resource:
              type: object
              properties:
                type: {type: string}
                id: {type: string}
                name: {type: string}
              anyOf:
                - required: [type]
                - required: [id]
              additionalProperties: false
            Source:
              type: object
              properties:
                ip: {type: string, description: "Text: callers really send `AWS Internal`."}
                user_agent: {type: string}
                request_id: {type: string}
                traceparent: {type: string}
              additionalProperties: false
            Change:
              type: object
              properties:
                before: {type: object}
                after: {type: object}
              additionalProperties: false
            Bulk:
              type: object
              required: [events]
              properties:
                events:
                  type: array
                  maxItems: 1000
                  items: {$ref: "#/components/schemas/Event"}
              additionalProperties: false

            Receipt:
              type: object
              required: [id, index, received_at, leaf_hash, previous_hash, hash, origin]
              properties:
                id: {$ref: "#/components/schemas/EventID"}
                index: {$ref: "#/components/schemas/Index"}
                received_at: {$ref: "#/components/schemas/Time"}
                leaf_hash: {$ref: "#/components/schemas/Hash"}
                previous_hash: {$ref: "#/components/schemas/Hash"}
                hash: {$ref: "#/components/schemas/Hash"}
                origin: {type: string}
                checkpoint: {type: string, description: A signed note that covers the record.}
                inclusion_proof:
                  type: array
                  items: {$ref: "#/components/schemas/Hash"}
                disclosure: {$ref: "#/components/schemas/Disclosure"}
              additionalProperties: false
            Result:
              type: object
              required: [status]
              properties:
                status: {type: integer}
                receipt: {$ref: "#/components/schemas/Receipt"}
                problem: {$ref: "#/components/schemas/Problem"}
              oneOf:
                - required: [receipt]
                - required: [problem]
            StreamResult:
              allOf:
                - $ref: "#/components/schemas/Result"
                - type: object
                  required: [line]
                  properties:
                    line: {type: integer, minimum: 1}
            BulkAnswer:
              type: object
              required: [accepted, rejected, results]
              properties:
                accepted: {type: integer, minimum: 0}
                rejected: {type: integer, minimum: 0}
                results:
                  type: array
                  items: {$ref: "#/components/schemas/Result"}
              additionalProperties: false

            Record:
              type: object
              required: [index, id, received_at, class, leaf_hash, previous_hash, hash]
              properties:
                index: {$ref: "#/components/schemas/Index"}
                id: {$ref: "#/components/schemas/EventID"}
                type: {type: string}
                action: {type: string}
                category: {type: string}
                outcome: {$ref: "#/components/schemas/Outcome"}
                severity: {$ref: "#/components/schemas/Severity"}
                risk: {$ref: "#/components/schemas/Risk"}
                occurred_at: {$ref: "#/components/schemas/Time"}
                occurred_offset:
                  type: string
                  description: The offset that the time was sent with, where it was not `Z`.
                actor:
                  type: object
                  properties:
                    type: {type: string}
                    id: {type: string}
                    name: {type: string}
                    email: {type: string}
                    session_id: {type: string}
                  additionalProperties: false
                resources:
                  type: array
                  items: {$ref: "#/components/schemas/Resource"}
                source: {$ref: "#/components/schemas/Source"}
                description: {type: string}
                details: {type: object}
                change: {$ref: "#/components/schemas/Change"}
                external_id: {type: string}
                event_schema: {type: string}
                dialect: {type: string}
                defaulted:
                  type: array
                  description: The members that the server filled in.
                  items: {type: string}
                redaction: {type: object}
                principal:
                  type: object
                  properties:
                    id: {type: string}
                    subject: {type: string}
                  additionalProperties: false
                received_at: {$ref: "#/components/schemas/Time"}
                class: {type: string}
                leaf_hash: {$ref: "#/components/schemas/Hash"}
                previous_hash: {$ref: "#/components/schemas/Hash"}
                hash: {$ref: "#/components/schemas/Hash"}
                erased:
                  type: array
                  items: {type: string}
              additionalProperties: false
            Page:
              type: object
              required: [events, size]
              properties:
                events:
                  type: array
                  items: {$ref: "#/components/schemas/Record"}
                next_cursor: {type: string, description: There if and only if there is more.}
                size: {$ref: "#/components/schemas/Index"}
              additionalProperties: false

            Disclosure:
              type: object
              required: [leaf, fields]
              properties:
                leaf: {type: string, contentEncoding: base64}
                fields:
                  type: array
                  items: {$ref: "#/components/schemas/DisclosedField"}
              additionalProperties: false
            DisclosedField:
              type: object
              required: [path]
              properties:
                path: {type: string}
                salt: {type: string, contentEncoding: base64url}
                value: {type: string, description: The canonical JSON of the value.}
                digest: {type: string, contentEncoding: base64url}
              oneOf:
                - required: [salt, value]
                - required: [digest]
              additionalProperties: false
            RecordProof:
              type: object
              required: [index, size, checkpoint, inclusion_proof, leaf, fields]
              properties:
                index: {$ref: "#/components/schemas/Index"}
                size: {$ref: "#/components/schemas/Index"}
                checkpoint: {type: string}
                inclusion_proof:
                  type: array
                  items: {$ref: "#/components/schemas/Hash"}
                leaf: {type: string, contentEncoding: base64}
                fields:
                  type: array
                  items: {$ref: "#/components/schemas/DisclosedField"}
              additionalProperties: false

            Ledger:
              type: object
              required: [origin, size, root, hash, public_key]
              properties:
                origin: {type: string}
                size: {$ref: "#/components/schemas/Index"}
                root: {$ref: "#/components/schemas/Hash"}
                hash: {$ref: "#/components/schemas/Hash"}
                public_key: {type: string, description: The verifier key of checkpoints.}
              additionalProperties: false
            Consistency:
              type: object
              required: [from, to, proof]
              properties:
                from: {$ref: "#/components/schemas/Index"}
                to: {$ref: "#/components/schemas/Index"}
                proof:
                  type: array
                  items: {$ref: "#/components/schemas/Hash"}
              additionalProperties: false

            VerificationRequest:
              type: object
              properties:
                from: {$ref: "#/components/schemas/Index"}
                to: {$ref: "#/components/schemas/Index"}
                checkpoint:
                  type: string
                  description: A signed note that the caller holds to be right.
                contents: {type: boolean, default: true}
              additionalProperties: false
            ExportRequest:
              type: object
              properties:
                name: {type: string, minLength: 1, maxLength: 128, pattern: "^[^\\x00-\\x1F\\x7F-\\x9F]+$", default: export}
                format: {enum: [csv, json, ndjson, xlsx], default: ndjson}
                columns:
                  description: The columns of csv and xlsx, `complete/1` unless it is said; the shape of json.
                  enum: [complete/1, orgs/1, orgs-details/1, security/1, logs/1, audit/1]
                formulas: {enum: [neutralised, raw], description: Of csv.}
                bom: {type: boolean, description: Of csv.}
                compression: {enum: [none, gzip, zstd], default: none}
                accounted:
                  type: boolean
                  default: false
                  description: Whether every record of the range that is left out is accounted for. Not with `q`.
                filter:
                  type: object
                  description: |
                    Conditions by the names that `GET /v1/events` has for them; a value is a text, or an array of
                    alternatives. All together have at most 16 KiB.
                  properties:
                    type: {$ref: "#/components/schemas/Condition"}
                    action: {$ref: "#/components/schemas/Condition"}
                    category: {$ref: "#/components/schemas/Condition"}
                    actor_id: {$ref: "#/components/schemas/Condition"}
                    actor_type: {$ref: "#/components/schemas/Condition"}
                    resource_type: {$ref: "#/components/schemas/Condition"}
                    resource_id: {$ref: "#/components/schemas/Condition"}
                    ip: {$ref: "#/components/schemas/Condition"}
                    request_id: {$ref: "#/components/schemas/Condition"}
                    session_id: {$ref: "#/components/schemas/Condition"}
                    external_id: {$ref: "#/components/schemas/Condition"}
                    outcome:
                      oneOf:
                        - {$ref: "#/components/schemas/Outcome"}
                        - {type: array, minItems: 1, items: {$ref: "#/components/schemas/Outcome"}}
                    severity:
                      oneOf:
                        - {$ref: "#/components/schemas/Severity"}
                        - {type: array, minItems: 1, items: {$ref: "#/components/schemas/Severity"}}
                    risk:
                      oneOf:
                        - {$ref: "#/components/schemas/Risk"}
                        - {type: array, minItems: 1, items: {$ref: "#/components/schemas/Risk"}}
                    from: {$ref: "#/components/schemas/Bound"}
                    to: {$ref: "#/components/schemas/Bound"}
                    received_from: {$ref: "#/components/schemas/Bound"}
                    received_to: {$ref: "#/components/schemas/Bound"}
                    index_from: {$ref: "#/components/schemas/Index"}
                    index_to: {$ref: "#/components/schemas/Index"}
                    schema:
                      enum: [event/1, ledger/1, tombstone/1]
                      description: |
                        What a record stands for: `event/1` leaves out what the ledger recorded of itself.
                    q: {type: string, minLength: 1}
                  patternProperties:
                    "^details[.].{1,200}$": {$ref: "#/components/schemas/Condition"}
                  additionalProperties: false
              additionalProperties: false
            Condition:
              oneOf:
                - {type: string}
                - {type: array, minItems: 1, items: {type: string}}
            Export:
              type: object
              required: [id, name, state, format, compression, accounted, filter, requested_by, created_at, range, progress]
              properties:
                id: {type: string}
                name: {type: string}
                state: {enum: [queued, running, done, failed, cancelled, expired]}
                format: {enum: [csv, json, ndjson, xlsx]}
                columns: {type: string}
                formulas: {enum: [neutralised, raw]}
                bom: {type: boolean}
                compression: {enum: [none, gzip, zstd]}
                accounted: {type: boolean}
                filter: {type: object}
                requested_by:
                  type: object
                  required: [kind]
                  properties:
                    kind: {type: string}
                    id: {type: string}
                    subject: {type: string}
                  additionalProperties: false
                created_at: {$ref: "#/components/schemas/Time"}
                started_at: {$ref: "#/components/schemas/Time"}
                finished_at: {$ref: "#/components/schemas/Time"}
                expires_at: {$ref: "#/components/schemas/Time"}
                range:
                  type: object
                  required: [from, to, size]
                  properties:
                    from: {$ref: "#/components/schemas/Index"}
                    to: {$ref: "#/components/schemas/Index"}
                    size: {$ref: "#/components/schemas/Index"}
                  additionalProperties: false
                progress:
                  type: object
                  required: [checked, total, records]
                  properties:
                    checked: {type: integer, minimum: 0, description: Indexes that were gone through.}
                    total: {type: integer, minimum: 0}
                    records: {type: integer, minimum: 0, description: Records that are exported so far.}
                    rate: {type: integer, minimum: 0, description: Indexes a second, while it runs.}
                  additionalProperties: false
                detail: {type: string, description: Why it failed.}
                file:
                  type: object
                  required: [name, size, sha256]
                  properties:
                    name: {type: string}
                    size: {type: integer, minimum: 0}
                    sha256: {$ref: "#/components/schemas/Hash"}
                  additionalProperties: false
              additionalProperties: false
            Verification:
              type: object
              required: [id, state, from, contents, created_at, progress]
              properties:
                id: {type: string}
                state: {type: string, enum: [queued, running, done, failed, cancelled]}
                from: {$ref: "#/components/schemas/Index"}
                to: {$ref: "#/components/schemas/Index"}
                checkpoint: {type: string}
                contents: {type: boolean}
                created_at: {$ref: "#/components/schemas/Time"}
                finished_at: {$ref: "#/components/schemas/Time"}
                detail: {type: string, description: Why it failed.}
                progress:
                  type: object
                  required: [checked, total]
                  properties:
                    checked: {type: integer, minimum: 0}
                    total: {type: integer, minimum: 0}
                  additionalProperties: false
                verdict: {type: string, enum: [holds, fails]}
                faults:
                  type: array
                  items:
                    type: object
                    required: [index, kind, detail]
                    properties:
                      index: {$ref: "#/components/schemas/Index"}
                      kind:
                        type: string
                        enum:
                          - content_mismatch
                          - content_missing
                          - leaf_mismatch
                          - missing
                          - inserted
                          - reordered
                          - truncated
                          - forked
                          - column_mismatch
                          - checkpoint_mismatch
                      detail: {type: string}
                    additionalProperties: false
                erased: {type: integer, minimum: 0}
                pruned: {type: integer, minimum: 0}
                trusted:
                  type: array
                  items: {type: string, enum: [own_head, own_checkpoint, given_checkpoint]}
                size: {$ref: "#/components/schemas/Index"}
                root: {$ref: "#/components/schemas/Hash"}
              additionalProperties: false

            Counts:
              type: object
              additionalProperties: {type: integer, minimum: 0}
            Statistics:
              type: object
              required:
                - total
                - by_type
                - by_category
                - by_outcome
                - by_severity
                - by_risk
                - by_day
                - top_actors
                - other_actors
                - distinct_actors
                - last_24h
              properties:
                total: {type: integer, minimum: 0}
                by_type: {$ref: "#/components/schemas/Counts"}
                by_category: {$ref: "#/components/schemas/Counts"}
                by_outcome: {$ref: "#/components/schemas/Counts"}
                by_severity: {$ref: "#/components/schemas/Counts"}
                by_risk: {$ref: "#/components/schemas/Counts"}
                by_day:
                  description: Every UTC day of the range, also those without records.
                  $ref: "#/components/schemas/Counts"
                top_actors:
                  type: array
                  maxItems: 10
                  items:
                    type: object
                    required: [id, count]
                    properties:
                      id: {type: string}
                      count: {type: integer, minimum: 1}
                    additionalProperties: false
                other_actors:
                  type: integer
                  minimum: 0
                  description: Records of actors that are not among the top ones.
                distinct_actors: {type: integer, minimum: 0}
                last_24h:
                  type: object
                  required: [events, actors, high_risk]
                  properties:
                    events: {type: integer, minimum: 0}
                    actors: {type: integer, minimum: 0}
                    high_risk: {type: integer, minimum: 0}
                  additionalProperties: false
                integrity:
                  type: object
                  description: The newest verdict on the whole ledger, if there is one.
                  required: [verified_at, verdict, size]
                  properties:
                    verified_at: {$ref: "#/components/schemas/Time"}
                    verdict: {type: string, enum: [holds, fails]}
                    size: {$ref: "#/components/schemas/Index"}
                  additionalProperties: false
              additionalProperties: false

            Scope:
              type: string
              enum:
                - events:read
                - events:write
                - exports:read
                - exports:write
                - holds:manage
                - keys:manage
                - ledger:verify
                - privacy:erase
                - retention:manage
                - settings:manage
                - tenants:manage
            ViewerScope:
              type: string
              enum: [events:read, exports:read, exports:write, ledger:verify]
            ViewerFilter:
              type: object
              description: |
                Conditions, all of which a record must meet. `resource_type` and `resource_id` are met by one
                and the same resource.
              properties:
                actor_id: {type: string, minLength: 1, maxLength: 256}
                actor_type: {type: string, minLength: 1, maxLength: 256}
                resource_type: {type: string, minLength: 1, maxLength: 256}
                resource_id: {type: string, minLength: 1, maxLength: 256}
                type:
                  description: One of these; a trailing `*` is a prefix.
                  oneOf:
                    - {type: string, minLength: 1, maxLength: 256}
                    - type: array
                      minItems: 1
                      maxItems: 16
                      items: {type: string, minLength: 1, maxLength: 256}
              additionalProperties: false
            ViewerTokenRequest:
              type: object
              properties:
                filter: {$ref: "#/components/schemas/ViewerFilter"}
                scopes:
                  type: array
                  minItems: 1
                  items: {$ref: "#/components/schemas/ViewerScope"}
                  default: [events:read]
                expires_in:
                  type: integer
                  minimum: 1
                  maximum: 86400
                  default: 3600
                  description: Seconds.
                subject:
                  type: string
                  minLength: 1
                  maxLength: 128
                  description: Whom it is for, in the maker's words; 128 bytes without control characters.
              additionalProperties: false
            ViewerToken:
              type: object
              required: [id, tenant, scopes, filter, expires_at]
              properties:
                id: {type: string, pattern: "^[0-9a-f]{32}$"}
                token:
                  type: string
                  description: The credential, in the answer that makes it and in no other.
                tenant: {type: string}
                scopes: {type: array, items: {$ref: "#/components/schemas/ViewerScope"}}
                filter: {$ref: "#/components/schemas/ViewerFilter"}
                subject: {type: string}
                expires_at: {$ref: "#/components/schemas/Time"}
              additionalProperties: false
            KeyRequest:
              type: object
              description: Either a role or scopes.
              required: [name]
              properties:
                name: {type: string, minLength: 1, maxLength: 128}
                role:
                  type: string
                  enum: [writer, reader, auditor, exporter, privacy-officer, administrator, owner]
                scopes: {type: array, minItems: 1, items: {$ref: "#/components/schemas/Scope"}}
                expires_at: {$ref: "#/components/schemas/Time"}
              oneOf:
                - required: [role]
                - required: [scopes]
              additionalProperties: false
            Key:
              type: object
              required: [id, tenant, name, scopes, created_at]
              properties:
                id: {type: string, pattern: "^[0-9a-f]{12}$"}
                tenant: {type: string}
                name: {type: string}
                scopes: {type: array, items: {$ref: "#/components/schemas/Scope"}}
                created_at: {$ref: "#/components/schemas/Time"}
                expires_at: {$ref: "#/components/schemas/Time"}
                last_used_at: {$ref: "#/components/schemas/Time"}
                revoked_at: {$ref: "#/components/schemas/Time"}
                key:
                  type: string
                  pattern: "^cairn_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$"
                  description: The key itself, in the answer that makes it and in no other.
              additionalProperties: false
            Tenant:
              type: object
              required: [id, name, ledger, origin, created_at]
              properties:
                id: {type: string, pattern: "^[0-9a-f]{32}$"}
                name: {type: string, pattern: "^[A-Za-z0-9._-]{1,128}$"}
                ledger: {type: string, pattern: "^[0-9a-f]{32}$"}
                origin: {type: string}
                created_at: {$ref: "#/components/schemas/Time"}
              additionalProperties: false

            Readiness:
              type: object
              required: [status, checks]
              properties:
                status: {const: ready}
                checks:
                  type: object
                  additionalProperties: {type: string}
              additionalProperties: false

            OrgsError:
              type: object
              required: [error]
              properties:
                error: {type: string}
            OrgsEvent:
              type: object
              required: [eventType, actorId, action, resourceType, resourceId]
              properties:
                id: {type: [string, "null"]}
                orgId: {type: string}
                eventType: {type: string, minLength: 1, maxLength: 128, pattern: "^[A-Za-z0-9_.:-]+$", description: One of the seven names or a type.}
                timestamp: {type: [string, "null"]}
                actorId: {type: string, minLength: 1}
                actorType: {type: [string, "null"]}
                action: {type: string, minLength: 1}
                resourceType: {type: string, minLength: 1}
                resourceId: {type: string, minLength: 1}
                details: {type: [object, "null"]}
                outcome: {enum: [SUCCESS, FAILURE, DENIED, null]}
                ipAddress: {type: [string, "null"]}
                userEmail: {type: [string, "null"]}
                userAgent: {type: [string, "null"]}
                requestId: {type: [string, "null"]}
            OrgsRecord:
              type: object
              required: [id, eventType, timestamp, orgId, actorId, actorType, action, resourceType, resourceId, details, outcome, ipAddress, userEmail]
              properties:
                id: {type: string}
                orgId: {type: string}
                eventType: {}
                timestamp: {}
                actorId: {}
                actorType: {}
                action: {}
                resourceType: {}
                resourceId: {}
                details: {}
                outcome: {}
                ipAddress: {}
                userEmail: {}
                userAgent: {}
                requestId: {}
            OrgsPage:
              type: object
              required: [items, count, moreAvailable]
              properties:
                items: {type: array, items: {$ref: "#/components/schemas/OrgsRecord"}}
                count: {type: integer}
                moreAvailable: {type: boolean}
                nextToken: {type: string}
            OrgsSummary:
              type: object
              required: [totalEvents, authorizationEvents, permissionChanges, userManagementEvents, allowedRequests, deniedRequests, failedRequests, eventsByType, eventsByUser, eventsOfOtherUsers, eventsByDay]
              properties:
                totalEvents: {type: integer}
                authorizationEvents: {type: integer}
                permissionChanges: {type: integer}
                userManagementEvents: {type: integer}
                allowedRequests: {type: integer}
                deniedRequests: {type: integer}
                failedRequests: {type: integer}
                eventsOfOtherUsers: {type: integer}
                eventsByType: {$ref: "#/components/schemas/Counts"}
                eventsByUser: {$ref: "#/components/schemas/Counts"}
                eventsByDay: {$ref: "#/components/schemas/Counts"}
            OrgsExportRequest:
              type: object
              required: [dateRange]
              properties:
                dateRange: {type: object, required: [startDate, endDate], properties: {startDate: {type: string}, endDate: {type: string}}}
                eventTypes: {type: array, items: {type: string}}
                format: {type: string}
            LogEntry:
              type: object
              required: [action]
              properties:
                id: {type: [string, "null"]}
                timestamp: {type: [string, "null"]}
                user_id: {type: [string, "null"]}
                action: {type: string, minLength: 1}
                resource_type: {type: [string, "null"]}
                resource_id: {type: [string, "null"]}
                ip_address: {type: [string, "null"]}
                user_agent: {type: [string, "null"]}
                metadata: {type: [object, "null"]}
                before_state: {type: [object, "null"]}
                after_state: {type: [object, "null"]}
                severity: {type: [string, "null"]}
            Log:
              type: object
              required: [id, timestamp, user_id, action, severity]
              properties:
                id: {type: string}
                timestamp: {}
                user_id: {}
                action: {}
                resource_type: {}
                resource_id: {}
                ip_address: {}
                user_agent: {}
                metadata: {}
                before_state: {}
                after_state: {}
                severity: {}
            LogBulk:
              type: object
              required: [logs]
              properties:
                logs: {type: array, description: At most 100 of LogEntry., items: {}}
              additionalProperties: false
            LogBulkAnswer:
              type: object
              required: [created, failed, results]
              properties:
                created: {type: integer}
                failed: {type: integer}
                results: {type: array, items: {type: object, required: [status], properties: {status: {type: integer}, log: {$ref: "#/components/schemas/Log"}, problem: {$ref: "#/components/schemas/Problem"}}}}
            LogPage:
              type: object
              required: [logs, page, page_size, count, has_more, snapshot]
              properties:
                logs: {type: array, items: {$ref: "#/components/schemas/Log"}}
                page: {type: integer}
                page_size: {type: integer}
                count: {type: integer}
                has_more: {type: boolean}
                snapshot: {$ref: "#/components/schemas/Index"}
                next_cursor: {type: string}
            LogStatistics:
              type: object
              required: [total, by_severity, by_type, by_outcome, by_day, top_users, distinct_users]
              properties:
                total: {type: integer}
                by_severity: {$ref: "#/components/schemas/Counts"}
                by_type: {$ref: "#/components/schemas/Counts"}
                by_outcome: {$ref: "#/components/schemas/Counts"}
                by_day: {$ref: "#/components/schemas/Counts"}
                top_users: {type: array, items: {type: object, required: [user_id, count], properties: {user_id: {type: string}, count: {type: integer}}}}
                distinct_users: {type: integer}
            AuditEventInput:
              type: object
              required: [event_type]
              properties:
                id: {type: [string, "null"]}
                event_type: {type: string, minLength: 1, maxLength: 128, pattern: "^[A-Za-z0-9_.:-]+$"}
                user_id: {type: [string, "null"]}
                action: {type: [string, "null"]}
                resource_type: {type: [string, "null"]}
                resource_id: {type: [string, "null"]}
                details: {type: [object, "null"]}
                risk_level: {type: [string, "null"]}
                ip_address: {type: [string, "null"]}
                user_agent: {type: [string, "null"]}
                timestamp: {type: [string, "null"]}
            AuditEvent:
              type: object
              required: [id, event_type, timestamp, created_at, sequence, previous_hash, hash]
              properties:
                id: {type: string}
                sequence: {$ref: "#/components/schemas/Index"}
                previous_hash: {$ref: "#/components/schemas/Hash"}
                hash: {$ref: "#/components/schemas/Hash"}
                created_at: {}
                event_type: {}
                user_id: {}
                action: {}
                resource_type: {}
                resource_id: {}
                details: {}
                risk_level: {}
                ip_address: {}
                user_agent: {}
                timestamp: {}
            AuditPage:
              type: object
              required: [events, page, page_size, count, has_more, snapshot]
              properties:
                events: {type: array, items: {$ref: "#/components/schemas/AuditEvent"}}
                page: {type: integer}
                page_size: {type: integer}
                count: {type: integer}
                has_more: {type: boolean}
                snapshot: {$ref: "#/components/schemas/Index"}
                next_cursor: {type: string}
            AuditStatistics:
              type: object
              required: [total_events, events_last_24h, unique_users_last_24h, high_risk_events, events_by_type, events_by_risk_level]
              properties:
                total_events: {type: integer}
                events_last_24h: {type: integer}
                unique_users_last_24h: {type: integer}
                high_risk_events: {type: integer}
                events_by_type: {$ref: "#/components/schemas/Counts"}
                events_by_risk_level: {$ref: "#/components/schemas/Counts"}
                chain_verification: {type: object}
            AuditVerifyRequest:
              type: object
              properties:
                verify_all: {type: boolean}
                from: {$ref: "#/components/schemas/Index"}
                to: {$ref: "#/components/schemas/Index"}
              additionalProperties: false
            AuditVerification:
              type: object
              required: [id, status, is_valid, total_events, verified_events, fault_count, first_fault, trusted]
              properties:
                id: {type: string}
                status: {enum: [valid, invalid]}
                is_valid: {type: boolean}
                total_events: {type: integer}
                verified_events: {type: integer}
                fault_count: {type: integer}
                first_fault: {type: [object, "null"]}
                trusted: {}
                verified_at: {$ref: "#/components/schemas/Time"}
            LogExportRequest:
              type: object
              properties:
                format: {enum: [csv, json, ndjson, xlsx], default: csv}
                action: {type: string}
                severity: {type: string}
                user_id: {type: string}
                resource_type: {type: string}
                resource_id: {type: string}
                search: {type: string}
                start_date: {type: string}
                end_date: {type: string}
              additionalProperties: false
            LogExport:
              type: object
              required: [pipeline_id, status, format, record_count, created_at]
              properties:
                pipeline_id: {type: string}
                status: {type: string}
                format: {type: string}
                record_count: {type: integer, minimum: 0}
                created_at: {$ref: "#/components/schemas/Time"}
                completed_at: {$ref: "#/components/schemas/Time"}
                expires_at: {$ref: "#/components/schemas/Time"}
                download_url: {type: string}
                error: {type: string}
              additionalProperties: false
            AuditExportRequest:
              type: object
              required: [export_format]
              properties:
                job_name: {type: string, minLength: 1, maxLength: 128, pattern: "^[^\\x00-\\x1F\\x7F-\\x9F]+$"}
                export_format: {enum: [csv, json, xlsx]}
                filters:
                  type: object
                  properties:
                    event_type: {type: string}
                    user_id: {type: string}
                    action: {type: string}
                    resource_type: {type: string}
                    resource_id: {type: string}
                    risk_level: {type: string}
                    ip_address: {type: string}
                    search: {type: string}
                    start_date: {type: string}
                    end_date: {type: string}
                  additionalProperties: false
              additionalProperties: false
            AuditExport:
              type: object
              required: [id, job_name, export_format, status, requested_by, filters, total_records, created_at]
              properties:
                id: {type: string}
                job_name: {type: string}
                export_format: {type: string}
                status: {type: string}
                requested_by: {type: string}
                filters: {type: object}
                total_records: {type: integer, minimum: 0}
                created_at: {$ref: "#/components/schemas/Time"}
                completed_at: {$ref: "#/components/schemas/Time"}
                expires_at: {$ref: "#/components/schemas/Time"}
                file_size: {type: integer, minimum: 0}
                error: {type: string}
              additionalProperties: false
            AuditExports:
              type: object
              required: [exports, count]
              properties:
                exports: {type: array, items: {$ref: "#/components/schemas/AuditExport"}}
                count: {type: integer}
            AuditExportFormats:
              type: object
              required: [formats]
              properties:
                formats: {type: array, items: {type: string}}
            Problem:
              type: object
              description: RFC 9457. Codes are explained in the list of problems.
              required: [type, title, status, instance, code, request_id]
              properties:
                type: {type: string, format: uri}
                title: {type: string}
                status: {type: integer}
                detail: {type: string}
                instance: {type: string}
                code:
                  type: string
                  enum:
                    - malformed_body
                    - invalid_parameter
                    - unknown_parameter
                    - invalid_cursor
                    - idempotency_key_not_supported
                    - unauthenticated
                    - forbidden
                    - tenant_exists
                    - idempotency_in_progress
                    - idempotency_key_reused
                    - too_many_keys
                    - too_many_exports
                    - export_not_done
                    - export_expired
                    - link_refused
                    - not_found
                    - route_not_found
                    - checkpoint_not_found
                    - method_not_allowed
                    - id_conflict
                    - content_unavailable
                    - body_too_large
                    - too_many_events
                    - unsupported_media_type
                    - invalid_event
                    - invalid_request
                    - range_too_long
                    - quota_exceeded
                    - overloaded
                    - contended
                    - unavailable
                    - indeterminate
                    - clock_step
                    - ledger_refused
                    - not_ready
                    - ledger_corrupt
                    - internal_error
                    - not_implemented
                request_id: {type: string}
                errors:
                  type: array
                  items:
                    type: object
                    required: [field, code, message]
                    properties:
                      field: {type: string}
                      code: {type: string}
                      message: {type: string}
                    additionalProperties: false
                receipt: {$ref: "#/components/schemas/Receipt"}
                checks:
                  type: object
                  additionalProperties: {type: string}
              additionalProperties: false

        """#
}
