// SPDX-License-Identifier: Apache-2.0
import Cairn

extension CloudTrailMapping {
    /// Request parameters that name a resource, and the sort of resource.
    private static let parameters: [(name: String, type: String)] = [
        ("bucketName", "AWS::S3::Bucket"),
        ("functionName", "AWS::Lambda::Function"),
        ("roleName", "AWS::IAM::Role"),
        ("roleArn", "AWS::IAM::Role"),
        ("userName", "AWS::IAM::User"),
        ("groupName", "AWS::IAM::Group"),
        ("policyArn", "AWS::IAM::Policy"),
        ("instanceProfileName", "AWS::IAM::InstanceProfile"),
        ("instanceId", "AWS::EC2::Instance"),
        ("groupId", "AWS::EC2::SecurityGroup"),
        ("snapshotId", "AWS::EC2::Snapshot"),
        ("volumeId", "AWS::EC2::Volume"),
        ("imageId", "AWS::EC2::Image"),
        ("vpcId", "AWS::EC2::VPC"),
        ("dBInstanceIdentifier", "AWS::RDS::DBInstance"),
        ("dBSnapshotIdentifier", "AWS::RDS::DBSnapshot"),
        ("secretId", "AWS::SecretsManager::Secret"),
        ("keyId", "AWS::KMS::Key"),
        ("tableName", "AWS::DynamoDB::Table"),
        ("queueUrl", "AWS::SQS::Queue"),
        ("topicArn", "AWS::SNS::Topic"),
        ("stackName", "AWS::CloudFormation::Stack"),
        ("clusterName", "AWS::EKS::Cluster"),
        ("repositoryName", "AWS::ECR::Repository"),
    ]

    /// What was acted upon: first what the record lists, then what its parameters name.
    ///
    /// A name that is the end of an identifier that is there already is the same thing again, unless
    /// it is of another sort.
    func resources(of record: JSONValue) -> [JSONValue] {
        var found: [(type: String?, id: String)] = []
        func add(_ type: String?, _ id: String?) {
            guard let id, !id.isEmpty, id.utf8.count <= limits.identifierBytes,
                type.map({ $0.utf8.count <= limits.identifierBytes }) ?? true,
                !found.contains(where: { known in
                    CloudTrailMapping.isSame(known.id, id)
                        && (known.type == nil || type == nil || known.type == type)
                }),
                found.count < limits.resourceCount
            else { return }
            found.append((type, id))
        }
        for resource in record["resources"]?.array ?? [] {
            add(
                resource["type"]?.string,
                resource["ARN"]?.string ?? resource["ARNPrefix"]?.string
            )
        }
        let request = record["requestParameters"]
        if let bucket = request?["bucketName"]?.string, let key = request?["key"]?.string {
            add("AWS::S3::Object", "arn:aws:s3:::\(bucket)/\(key)")
        }
        for (name, type) in CloudTrailMapping.parameters {
            add(type, request?[name]?.string)
        }
        for item in request?["instancesSet"]?["items"]?.array ?? [] {
            add("AWS::EC2::Instance", item["instanceId"]?.string)
        }
        return found.map { resource in
            var object = JSONObject()
            object["type"] = resource.type.map { .string($0) }
            object["id"] = .string(resource.id)
            return .object(object)
        }
    }

    /// Whether an identifier is another's name, as the last part of it.
    private static func isSame(_ identifier: String, _ name: String) -> Bool {
        identifier.utf8.elementsEqual(name.utf8)
            || identifier.hasSuffix(":" + name)
            || (identifier.hasPrefix("arn:aws:iam:") && identifier.hasSuffix("/" + name))
    }
}
