// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import Testing

@testable import CairnAWS

@Suite("What S3 says is read strictly")
struct AnswerTests {
    private func read(_ text: String) throws -> XMLNode {
        try XMLNode(parsing: Array(text.utf8))
    }

    @Test("Elements, texts and the five entities are read; attributes and namespaces are not")
    func reads() throws {
        let root = try read(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- a comment -->
            <s3:List xmlns:s3="urn:x" a='>'>
              <Key>a&amp;b&lt;&gt;&quot;&apos;&#65;&#x42;</Key><Empty/><Empty a="b" />
              <Two><One> kept </One></Two>
            </s3:List>
            """
        )
        #expect(root.name == "List" && root.children.count == 4)
        #expect(root["Key"]?.text == "a&b<>\"'AB")
        #expect(root["Two"]?["One"]?.text == " kept ")
        #expect(root.text == "")
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "text", "<a>", "<a></b>", "<a", "<a>&unknown;</a>", "<a>&</a>", "<a>&#xD800;</a>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a><![CDATA[b]]></a>", "</a>", "<>",
            String(repeating: "<a>", count: 1000) + String(repeating: "</a>", count: 1000),
            "<a b=\"c>",
        ]
    )
    func refuses(_ text: String) {
        #expect(throws: XMLNode.Malformed.self) { _ = try read(text) }
    }

    @Test("Every beginning of an answer is refused, and none is waited for")
    func truncated() throws {
        let text = Array("<?xml version=\"1.0\"?><A b=\"c\"><D>e&amp;</D><F/></A>".utf8)
        _ = try XMLNode(parsing: text)
        for count in text.indices {
            #expect(throws: XMLNode.Malformed.self) {
                _ = try XMLNode(parsing: Array(text[..<count]))
            }
        }
    }

    @Test("A list has the objects under the prefix that have names of ours")
    func page() throws {
        let body = """
            <ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
            <NextContinuationToken>t/1=</NextContinuationToken>
            <Contents><Key>p%2Fa%2Fb</Key><Size>5</Size><StorageClass>STANDARD</StorageClass>
            <LastModified>2026-01-23T14:30:00.000Z</LastModified></Contents>
            <Contents><Key>p/with%20space</Key><Size>5</Size></Contents>
            <Contents><Key>other/a</Key><Size>5</Size></Contents></ListBucketResult>
            """
        let page = try S3Page(Array(body.utf8), prefix: "p/")
        #expect(page.objects.map(\.key.text) == ["a/b"])
        #expect(page.objects.first?.size == 5)
        #expect(page.objects.first?.modifiedAt.milliseconds == 1_769_178_600_000)
        #expect(page.next == "t/1=")
    }

    @Test("A bucket's address is its own host of AWS, or a path where there is no such host")
    func addresses() throws {
        let key = try #require(ObjectKey("a/b"))
        func url(_ bucket: S3Bucket?) throws -> String {
            let bucket = try #require(bucket)
            return bucket.url(bucket.path(key), "")
        }
        #expect(
            try url(S3Bucket("audit", region: "eu-west-1"))
                == "https:" + "//audit.s3.eu-west-1.amazonaws.com/a/b"
        )
        #expect(
            try url(S3Bucket("a.b.c", prefix: "p/q/", region: "eu-west-1"))
                == "https:" + "//s3.eu-west-1.amazonaws.com/a.b.c/p/q/a/b"
        )
        let own = "https://s3.example.org:443/"
        #expect(
            try url(S3Bucket("audit", region: "x", endpoint: own))
                == "https://s3.example.org/audit/a/b"
        )
        let other = S3Bucket("audit", region: "x", endpoint: own, isPathStyle: false)
        #expect(try url(other) == "https://audit.s3.example.org/a/b")
    }

    @Test(
        "What is no bucket, prefix or endpoint is refused",
        arguments: [
            ("AB", "", nil), ("a", "", nil), ("a..b", "", nil), ("-ab", "", nil),
            ("abc", "../x", nil), ("abc", "a b", nil), ("abc", "", "s3.example.org"),
            ("abc", "", "ftp://s3.example.org"), ("abc", "", "http://a@b.example.org"),
            ("abc", "", "https://example.org/path"), ("abc", "", "https://"),
        ] as [(String, String, String?)]
    )
    func refused(name: String, prefix: String, endpoint: String?) {
        #expect(S3Bucket(name, prefix: prefix, region: "x", endpoint: endpoint) == nil)
    }

    @Test("Times are read and written as S3 has them")
    func times() {
        let time = Timestamp(milliseconds: 1_769_178_600_000)
        #expect(HTTPDate.parse("Fri, 23 Jan 2026 14:30:00 GMT") == time)
        #expect(HTTPDate.parse("Fri, 23 Foo 2026 14:30:00 GMT") == nil)
        #expect(S3Headers.text(time) == "2026-01-23T14:30:00Z")
        let later = time.advanced(byMilliseconds: 1)
        #expect(S3Headers.text(later) == "2026-01-23T14:30:01Z")
    }
}
