package sam

import (
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// A policyTemplate is a policy with holes for its parameters' values.
type policyTemplate struct {
	parameters string // names, by spaces
	statements []grant
}

// A grant is one statement that allows something.
type grant struct {
	actions   string    // the service, a colon, and names by spaces
	resources []string  // see resource; none is everything
	condition [2]string // a key and the ARN that it must equal
}

// on is a policy template of one statement.
func on(parameters, actions string, resources ...string) policyTemplate {
	return policyTemplate{parameters, []grant{{actions: actions, resources: resources}}}
}

func (p policyTemplate) and(actions string, resources ...string) policyTemplate {
	p.statements = append(p.statements[:len(p.statements):len(p.statements)], grant{actions: actions, resources: resources})
	return p
}

func (p policyTemplate) when(key, arn string) policyTemplate {
	first := p.statements[0]
	first.condition = [2]string{key, arn}
	return policyTemplate{p.parameters, append([]grant{first}, p.statements[1:]...)}
}

// policyTemplates is the public table of SAM. In an ARN the partition is left
// out, and @ stands for region and account.
func policyTemplates() map[string]policyTemplate {
	const (
		table      = "dynamodb:@:table/${TableName}"
		index      = "dynamodb:@:table/${TableName}/index/*"
		backup     = "dynamodb:@:table/${TableName}/backup/*"
		bucket     = "s3:::${BucketName}"
		objects    = "s3:::${BucketName}/*"
		collection = "rekognition:@:collection/${CollectionId}"
		identity   = "ses:@:identity/${IdentityName}"
		stream     = "kinesis:@:stream/${StreamName}"
		delivery   = "firehose:@:deliverystream/${DeliveryStreamName}"
		repository = "codecommit:@:${RepositoryName}"
	)
	return map[string]policyTemplate{
		"AMIDescribePolicy":                     on("", "ec2:DescribeImages", "ec2:@:image/*"),
		"AWSSecretsManagerGetSecretValuePolicy": on("SecretArn", "secretsmanager:GetSecretValue", "=${SecretArn}"),
		"AWSSecretsManagerRotationPolicy": on("FunctionName", "secretsmanager:DescribeSecret GetSecretValue PutSecretValue UpdateSecretVersionStage", "secretsmanager:@:secret:*").
			when("secretsmanager:resource/AllowRotationLambdaArn", "lambda:@:function:${FunctionName}").and("secretsmanager:GetRandomPassword"),
		"AcmGetCertificatePolicy": on("CertificateArn", "acm:GetCertificate", "=${CertificateArn}"),
		"AthenaQueryPolicy": on("WorkGroupName", "athena:ListWorkGroups GetExecutionEngine GetExecutionEngines GetNamespace GetCatalogs GetNamespaces GetTables GetTable").
			and("athena:StartQueryExecution GetQueryResults DeleteNamedQuery GetNamedQuery ListQueryExecutions StopQueryExecution GetQueryResultsStream ListNamedQueries CreateNamedQuery GetQueryExecution BatchGetNamedQuery BatchGetQueryExecution GetWorkGroup", "athena:@:workgroup/${WorkGroupName}"),
		"CloudFormationDescribeStacksPolicy":   on("", "cloudformation:DescribeStacks", "cloudformation:@:stack/*"),
		"CloudWatchDashboardPolicy":            on("", "cloudwatch:GetDashboard ListDashboards PutDashboard ListMetrics"),
		"CloudWatchDescribeAlarmHistoryPolicy": on("", "cloudwatch:DescribeAlarmHistory"),
		"CloudWatchPutMetricPolicy":            on("", "cloudwatch:PutMetricData"),
		"CodeCommitCrudPolicy": on("RepositoryName", "codecommit:GitPull GitPush"+
			" CreateBranch DeleteBranch GetBranch ListBranches MergeBranchesByFastForward MergeBranchesBySquash MergeBranchesByThreeWay UpdateDefaultBranch"+
			" BatchDescribeMergeConflicts CreateUnreferencedMergeCommit DescribeMergeConflicts GetMergeCommit GetMergeOptions"+
			" BatchGetPullRequests CreatePullRequest DescribePullRequestEvents GetCommentsForPullRequest GetCommitsFromMergeBase GetMergeConflicts GetPullRequest ListPullRequests"+
			" MergePullRequestByFastForward MergePullRequestBySquash MergePullRequestByThreeWay PostCommentForPullRequest UpdatePullRequestDescription UpdatePullRequestStatus UpdatePullRequestTitle"+
			" DeleteFile GetBlob GetFile GetFolder PutFile"+
			" DeleteCommentContent GetComment GetCommentsForComparedCommit PostCommentForComparedCommit PostCommentReply UpdateComment"+
			" BatchGetCommits CreateCommit GetCommit GetCommitHistory GetDifferences GetObjectIdentifier GetReferences GetTree"+
			" GetRepository UpdateRepositoryDescription ListTagsForResource TagResource UntagResource GetRepositoryTriggers PutRepositoryTriggers TestRepositoryTriggers"+
			" UploadArchive GetUploadArchiveStatus CancelUploadArchive", repository),
		"CodeCommitReadPolicy": on("RepositoryName", "codecommit:GitPull GetBranch ListBranches"+
			" BatchDescribeMergeConflicts DescribeMergeConflicts GetMergeCommit GetMergeOptions"+
			" BatchGetPullRequests DescribePullRequestEvents GetCommentsForPullRequest GetCommitsFromMergeBase GetMergeConflicts GetPullRequest ListPullRequests"+
			" GetBlob GetFile GetFolder GetComment GetCommentsForComparedCommit"+
			" BatchGetCommits GetCommit GetCommitHistory GetDifferences GetObjectIdentifier GetReferences GetTree"+
			" GetRepository ListTagsForResource GetRepositoryTriggers TestRepositoryTriggers GetUploadArchiveStatus", repository),
		"CodePipelineLambdaExecutionPolicy": on("", "codepipeline:PutJobSuccessResult PutJobFailureResult"),
		"CodePipelineReadOnlyPolicy":        on("PipelineName", "codepipeline:ListPipelineExecutions", "codepipeline:@:${PipelineName}"),
		"ComprehendBasicAccessPolicy": on("", "comprehend:BatchDetectKeyPhrases DetectDominantLanguage DetectEntities BatchDetectEntities"+
			" DetectKeyPhrases DetectSentiment BatchDetectDominantLanguage BatchDetectSentiment"),
		"CostExplorerReadOnlyPolicy": on("", "ce:GetCostAndUsage GetDimensionValues GetReservationCoverage GetReservationPurchaseRecommendation GetReservationUtilization GetTags"),
		"DynamoDBBackupFullAccessPolicy": on("TableName", "dynamodb:CreateBackup DescribeContinuousBackups", table).
			and("dynamodb:DeleteBackup DescribeBackup ListBackups", backup),
		"DynamoDBCrudPolicy":        on("TableName", "dynamodb:GetItem DeleteItem PutItem Scan Query UpdateItem BatchWriteItem BatchGetItem DescribeTable ConditionCheckItem", table, index),
		"DynamoDBReadPolicy":        on("TableName", "dynamodb:GetItem Scan Query BatchGetItem DescribeTable", table, index),
		"DynamoDBReconfigurePolicy": on("TableName", "dynamodb:UpdateTable", table),
		"DynamoDBRestoreFromBackupPolicy": on("TableName", "dynamodb:RestoreTableFromBackup", backup).
			and("dynamodb:PutItem UpdateItem DeleteItem GetItem Query Scan BatchWriteItem", table),
		"DynamoDBStreamReadPolicy": on("TableName StreamName", "dynamodb:DescribeStream GetRecords GetShardIterator", "dynamodb:@:table/${TableName}/stream/${StreamName}").
			and("dynamodb:ListStreams", "dynamodb:@:table/${TableName}/stream/*"),
		"DynamoDBWritePolicy": on("TableName", "dynamodb:PutItem UpdateItem BatchWriteItem", table, index),
		"EC2CopyImagePolicy":  on("ImageId", "ec2:CopyImage", "ec2:@:image/${ImageId}"),
		"EC2DescribePolicy":   on("", "ec2:DescribeRegions DescribeInstances"),
		"EFSWriteAccessPolicy": on("FileSystem AccessPoint", "elasticfilesystem:ClientMount ClientWrite", "elasticfilesystem:@:file-system/${FileSystem}").
			when("elasticfilesystem:AccessPointArn", "elasticfilesystem:@:access-point/${AccessPoint}"),
		"EKSDescribePolicy":           on("", "eks:DescribeCluster ListClusters"),
		"ElasticsearchHttpPostPolicy": on("DomainName", "es:ESHttpPost ESHttpPut", "es:@:domain/${DomainName}/*"),
		"EventBridgePutEventsPolicy":  on("EventBusName", "events:PutEvents", "events:@:event-bus/${EventBusName}"),
		"FilterLogEventsPolicy":       on("LogGroupName", "logs:FilterLogEvents", "logs:@:log-group:${LogGroupName}:log-stream:*"),
		"FirehoseCrudPolicy":          on("DeliveryStreamName", "firehose:CreateDeliveryStream DeleteDeliveryStream DescribeDeliveryStream PutRecord PutRecordBatch UpdateDestination", delivery),
		"FirehoseWritePolicy":         on("DeliveryStreamName", "firehose:PutRecord PutRecordBatch", delivery),
		"KMSDecryptPolicy":            on("KeyId", "kms:Decrypt", "kms:@:key/${KeyId}"),
		"KMSEncryptPolicy":            on("KeyId", "kms:Encrypt", "kms:@:key/${KeyId}"),
		"KinesisCrudPolicy": on("StreamName", "kinesis:AddTagsToStream CreateStream DecreaseStreamRetentionPeriod DeleteStream DescribeStream DescribeStreamSummary"+
			" GetShardIterator IncreaseStreamRetentionPeriod ListTagsForStream MergeShards PutRecord PutRecords SplitShard RemoveTagsFromStream", stream),
		"KinesisStreamReadPolicy": on("StreamName", "kinesis:ListStreams DescribeLimits", "kinesis:@:stream/*").
			and("kinesis:DescribeStream DescribeStreamSummary GetRecords GetShardIterator", stream),
		"LambdaInvokePolicy":                   on("FunctionName", "lambda:InvokeFunction", "lambda:@:function:${FunctionName}*"),
		"MobileAnalyticsWriteOnlyAccessPolicy": on("", "mobileanalytics:PutEvents"),
		"OrganizationsListAccountsPolicy":      on("", "organizations:ListAccounts"),
		"PinpointEndpointAccessPolicy":         on("PinpointApplicationId", "mobiletargeting:GetEndpoint UpdateEndpoint UpdateEndpointsBatch", "mobiletargeting:@:apps/${PinpointApplicationId}/endpoints/*"),
		"PollyFullAccessPolicy": on("LexiconName", "polly:GetLexicon DeleteLexicon", "polly:@:lexicon/${LexiconName}").
			and("polly:DescribeVoices ListLexicons PutLexicon SynthesizeSpeech", "polly:@:lexicon/*"),
		"RekognitionDetectOnlyPolicy":           on("", "rekognition:DetectFaces DetectLabels DetectModerationLabels DetectText"),
		"RekognitionFacesManagementPolicy":      on("CollectionId", "rekognition:IndexFaces DeleteFaces SearchFaces SearchFacesByImage ListFaces", collection),
		"RekognitionFacesPolicy":                on("", "rekognition:CompareFaces DetectFaces"),
		"RekognitionLabelsPolicy":               on("", "rekognition:DetectLabels DetectModerationLabels"),
		"RekognitionNoDataAccessPolicy":         on("CollectionId", "rekognition:CompareFaces DetectFaces DetectLabels DetectModerationLabels", collection),
		"RekognitionReadPolicy":                 on("CollectionId", "rekognition:ListCollections ListFaces SearchFaces SearchFacesByImage", collection),
		"RekognitionWriteOnlyAccessPolicy":      on("CollectionId", "rekognition:CreateCollection IndexFaces", collection),
		"Route53ChangeResourceRecordSetsPolicy": on("HostedZoneId", "route53:ChangeResourceRecordSets", "route53:::hostedzone/${HostedZoneId}"),
		"S3CrudPolicy":                          on("BucketName", "s3:GetObject ListBucket GetBucketLocation GetObjectVersion PutObject PutObjectAcl GetLifecycleConfiguration PutLifecycleConfiguration DeleteObject", bucket, objects),
		"S3FullAccessPolicy": on("BucketName", "s3:GetObject GetObjectAcl GetObjectVersion PutObject PutObjectAcl DeleteObject DeleteObjectTagging DeleteObjectVersionTagging"+
			" GetObjectTagging GetObjectVersionTagging PutObjectTagging PutObjectVersionTagging", objects).
			and("s3:ListBucket GetBucketLocation GetLifecycleConfiguration PutLifecycleConfiguration", bucket),
		"S3ReadPolicy":               on("BucketName", "s3:GetObject ListBucket GetBucketLocation GetObjectVersion GetLifecycleConfiguration", bucket, objects),
		"S3WritePolicy":              on("BucketName", "s3:PutObject PutObjectAcl PutLifecycleConfiguration", bucket, objects),
		"SESBulkTemplatedCrudPolicy": on("IdentityName", "ses:GetIdentityVerificationAttributes SendEmail SendRawEmail SendTemplatedEmail SendBulkTemplatedEmail VerifyEmailIdentity", identity),
		"SESCrudPolicy":              on("IdentityName", "ses:GetIdentityVerificationAttributes SendEmail SendRawEmail VerifyEmailIdentity", identity),
		"SESEmailTemplateCrudPolicy": on("", "ses:CreateTemplate GetTemplate ListTemplates UpdateTemplate DeleteTemplate TestRenderTemplate"),
		"SESSendBouncePolicy":        on("IdentityName", "ses:SendBounce", identity),
		"SNSCrudPolicy":              on("TopicName", "sns:ListSubscriptionsByTopic CreateTopic SetTopicAttributes Subscribe Publish", "sns:@:${TopicName}*"),
		"SNSPublishMessagePolicy":    on("TopicName", "sns:Publish", "sns:@:${TopicName}"),
		"SQSPollerPolicy":            on("QueueName", "sqs:ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage DeleteMessageBatch GetQueueAttributes ReceiveMessage", "sqs:@:${QueueName}"),
		"SQSSendMessagePolicy":       on("QueueName", "sqs:SendMessage*", "sqs:@:${QueueName}"),
		"SSMParameterReadPolicy":     on("ParameterName", "ssm:DescribeParameters").and("ssm:GetParameters GetParameter GetParametersByPath", "ssm:@:parameter/${ParameterName}"),
		"SSMParameterWithSlashPrefixReadPolicy": on("ParameterName", "ssm:DescribeParameters").
			and("ssm:GetParameters GetParameter GetParametersByPath", "ssm:@:parameter${ParameterName}"),
		"ServerlessRepoReadWriteAccessPolicy": on("", "serverlessrepo:CreateApplication CreateApplicationVersion UpdateApplication GetApplication"+
			" ListApplications ListApplicationVersions ListApplicationDependencies", "serverlessrepo:@:applications/*"),
		"StepFunctionsExecutionPolicy": on("StateMachineName", "states:StartExecution", "states:@:stateMachine:${StateMachineName}"),
		"TextractDetectAnalyzePolicy":  on("", "textract:DetectDocumentText StartDocumentTextDetection StartDocumentAnalysis AnalyzeDocument"),
		"TextractGetResultPolicy":      on("", "textract:GetDocumentTextDetection GetDocumentAnalysis"),
		"TextractPolicy":               on("", "textract:*"),
		"VPCAccessPolicy":              on("", "ec2:CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces DetachNetworkInterface"),
	}
}

// document is the policy with its parameters' values in it.
func (p policyTemplate) document(pos template.Pos, values *template.Node) *template.Node {
	statements := template.NewList(pos)
	for _, g := range p.statements {
		service, names, _ := strings.Cut(g.actions, ":")
		actions := template.NewList(pos)
		for name := range strings.FieldsSeq(names) {
			actions.Items = append(actions.Items, template.NewString(pos, service+":"+name))
		}
		resource := template.NewString(pos, "*")
		switch len(g.resources) {
		case 0:
		case 1:
			resource = arn(pos, g.resources[0], values)
		default:
			resource = template.NewList(pos)
			for _, r := range g.resources {
				resource.Items = append(resource.Items, arn(pos, r, values))
			}
		}
		var condition *template.Node
		if g.condition[0] != "" {
			condition = template.NewMap(pos, template.F("StringEquals", template.NewMap(pos, template.F(g.condition[0], arn(pos, g.condition[1], values)))))
		}
		statements.Items = append(statements.Items, template.NewMap(pos,
			template.F("Effect", template.NewString(pos, "Allow")), template.F("Action", actions),
			template.F("Resource", resource), template.F("Condition", condition)))
	}
	return template.NewMap(pos, template.F("Statement", statements))
}

// arn writes an ARN of the table as a Fn::Sub; one that begins with = is a
// parameter's value as it is.
func arn(pos template.Pos, short string, values *template.Node) *template.Node {
	text, whole := strings.CutPrefix(short, "=")
	if !whole {
		text = "arn:${AWS::Partition}:" + strings.Replace(short, ":@:", ":${AWS::Region}:${AWS::AccountId}:", 1)
	}
	variables := template.NewMap(pos)
	for _, f := range values.Fields {
		if strings.Contains(text, "${"+f.Key+"}") {
			variables.Fields = append(variables.Fields, f)
		}
	}
	argument := template.NewString(pos, text)
	if len(variables.Fields) > 0 {
		argument = template.NewList(pos, argument, variables)
	}
	return template.NewMap(pos, template.F("Fn::Sub", argument))
}
