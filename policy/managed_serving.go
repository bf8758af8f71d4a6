package policy

const writeLogs = " logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"

// servingPolicies are what functions and APIs are given: those of AWS Lambda,
// API Gateway, X-Ray and CloudWatch.
var servingPolicies = []awsPolicy{
	{path: serviceRole, name: "AWSLambdaBasicExecutionRole", version: "v1", created: "2015-04-09", grants: []grant{
		{actions: writeLogs},
	}},
	{path: serviceRole, name: "AWSLambdaVPCAccessExecutionRole", version: "v3", created: "2024-01-05", grants: []grant{
		{sid: "AWSLambdaVPCAccessExecutionPermissions", actions: writeLogs + ` ec2:CreateNetworkInterface
			ec2:DescribeNetworkInterfaces ec2:DescribeSubnets ec2:DeleteNetworkInterface
			ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses`},
	}},
	{path: serviceRole, name: "AWSLambdaENIManagementAccess", version: "v2", created: "2020-10-01", grants: []grant{
		{actions: `ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DeleteNetworkInterface
			ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses`},
	}},
	{path: serviceRole, name: "AWSLambdaDynamoDBExecutionRole", version: "v1", created: "2015-04-09", grants: []grant{
		{actions: "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams" + writeLogs},
	}},
	{path: serviceRole, name: "AWSLambdaKinesisExecutionRole", version: "v2", created: "2018-11-19", grants: []grant{
		{actions: `kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator
			kinesis:ListShards kinesis:ListStreams kinesis:SubscribeToShard` + writeLogs},
	}},
	{path: serviceRole, name: "AWSLambdaSQSQueueExecutionRole", version: "v1", created: "2018-06-14", grants: []grant{
		{actions: "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes" + writeLogs},
	}},
	{path: serviceRole, name: "AWSLambdaMSKExecutionRole", version: "v2", created: "2022-08-02", grants: []grant{
		{actions: `kafka:DescribeCluster kafka:DescribeClusterV2 kafka:GetBootstrapBrokers
			ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeVpcs ec2:DeleteNetworkInterface
			ec2:DescribeSubnets ec2:DescribeSecurityGroups` + writeLogs},
	}},
	{path: serviceRole, name: "AWSLambdaRole", version: "v1", created: "2015-02-06", grants: []grant{
		{actions: "lambda:InvokeFunction"},
	}},
	{name: "AWSLambdaExecute", version: "v1", created: "2015-02-06", grants: []grant{
		{actions: "logs:*", resource: "arn:aws:logs:*:*:*"},
		{actions: "s3:GetObject s3:PutObject", resource: "arn:aws:s3:::*"},
	}},
	{name: "AWSLambdaInvocation-DynamoDB", version: "v1", created: "2015-02-06", grants: []grant{
		{actions: "lambda:InvokeFunction"},
		{actions: "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams"},
	}},
	{name: "AWSLambda_FullAccess", version: "v5", created: "2026-02-11", grants: []grant{
		{actions: `cloudformation:DescribeStacks cloudformation:ListStackResources cloudwatch:ListMetrics
			cloudwatch:GetMetricData ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs kms:DescribeKey
			kms:ListAliases iam:GetPolicy iam:GetPolicyVersion iam:GetRole iam:GetRolePolicy
			iam:ListAttachedRolePolicies iam:ListRolePolicies iam:ListRoles lambda:* logs:DescribeLogGroups
			states:DescribeStateMachine states:ListStateMachines tag:GetResources xray:GetTraceSummaries
			xray:BatchGetTraces`},
		{actions: "iam:PassRole", when: "StringEquals iam:PassedToService lambda.amazonaws.com"},
		{
			actions:  "logs:DescribeLogStreams logs:GetLogEvents logs:FilterLogEvents logs:StartLiveTail logs:StopLiveTail",
			resource: "arn:aws:logs:*:*:log-group:/aws/lambda/*",
		},
		{
			actions:  "iam:CreateServiceLinkedRole",
			resource: "arn:aws:iam::*:role/aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda",
			when:     "StringEquals iam:AWSServiceName lambda.amazonaws.com",
		},
	}},
	{name: "AWSLambda_ReadOnlyAccess", version: "v2", created: "2023-07-27", grants: []grant{
		{actions: `cloudformation:DescribeStacks cloudformation:ListStacks cloudformation:ListStackResources
			cloudwatch:GetMetricData cloudwatch:ListMetrics ec2:DescribeSecurityGroups ec2:DescribeSubnets
			ec2:DescribeVpcs kms:ListAliases iam:GetPolicy iam:GetPolicyVersion iam:GetRole iam:GetRolePolicy
			iam:ListAttachedRolePolicies iam:ListRolePolicies iam:ListRoles logs:DescribeLogGroups lambda:Get*
			lambda:List* states:DescribeStateMachine states:ListStateMachines tag:GetResources
			xray:GetTraceSummaries xray:BatchGetTraces`},
		{
			actions: `logs:DescribeLogStreams logs:GetLogEvents logs:FilterLogEvents logs:StartQuery logs:StopQuery
				logs:DescribeQueries logs:GetLogGroupFields logs:GetLogRecord logs:GetQueryResults`,
			resource: "arn:aws:logs:*:*:log-group:/aws/lambda/*",
		},
	}},
	{path: serviceRole, name: "AWSCodeDeployRoleForLambda", version: "v3", created: "2019-12-03", grants: []grant{
		{actions: "cloudwatch:DescribeAlarms lambda:UpdateAlias lambda:GetAlias lambda:GetProvisionedConcurrencyConfig sns:Publish"},
		{actions: "s3:GetObject s3:GetObjectVersion", resource: "arn:aws:s3:::*/CodeDeploy/*"},
		{actions: "s3:GetObject s3:GetObjectVersion", when: "StringEquals s3:ExistingObjectTag/UseWithCodeDeploy true"},
		{actions: "lambda:InvokeFunction", resource: "arn:aws:lambda:*:*:function:CodeDeployHook_*"},
	}},
	{path: serviceRole, name: "AWSCodeDeployRoleForLambdaLimited", version: "v1", created: "2020-08-17", grants: []grant{
		{actions: "cloudwatch:DescribeAlarms lambda:UpdateAlias lambda:GetAlias lambda:GetProvisionedConcurrencyConfig"},
		{actions: "s3:GetObject s3:GetObjectVersion", resource: "arn:aws:s3:::*/CodeDeploy/*"},
		{actions: "s3:GetObject s3:GetObjectVersion", when: "StringEquals s3:ExistingObjectTag/UseWithCodeDeploy true"},
		{actions: "lambda:InvokeFunction", resource: "arn:aws:lambda:*:*:function:CodeDeployHook_*"},
	}},
	{path: serviceRole, name: "AmazonAPIGatewayPushToCloudWatchLogs", version: "v1", created: "2015-11-11", grants: []grant{
		{actions: "logs:DescribeLogGroups logs:DescribeLogStreams logs:GetLogEvents logs:FilterLogEvents" + writeLogs},
	}},
	{name: "AmazonAPIGatewayInvokeFullAccess", version: "v2", created: "2018-12-18", grants: []grant{
		{actions: "execute-api:Invoke execute-api:ManageConnections", resource: "arn:aws:execute-api:*:*:*"},
	}},
	{name: "AmazonAPIGatewayAdministrator", version: "v1", created: "2015-07-09", grants: []grant{
		{actions: "apigateway:*", resource: "arn:aws:apigateway:*::/*"},
	}},
	{name: "AWSXRayDaemonWriteAccess", version: "v2", created: "2024-02-13", grants: []grant{
		{sid: "AWSXRayDaemonWriteAccess", actions: writeTraces},
	}},
	{name: "AWSXrayWriteOnlyAccess", version: "v2", created: "2018-08-28", grants: []grant{
		{actions: writeTraces},
	}},
	{name: "CloudWatchLambdaInsightsExecutionRolePolicy", version: "v1", created: "2020-10-07", grants: []grant{
		{actions: "logs:CreateLogGroup"},
		{actions: "logs:CreateLogStream logs:PutLogEvents", resource: "arn:aws:logs:*:*:log-group:/aws/lambda-insights:*"},
	}},
	{name: "CloudWatchLogsFullAccess", version: "v3", created: "2025-05-20", grants: []grant{
		{sid: "CloudWatchLogsFullAccess", actions: "logs:* cloudwatch:GenerateQuery cloudwatch:GenerateQueryResultsSummary"},
	}},
}

const writeTraces = `xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules
	xray:GetSamplingTargets xray:GetSamplingStatisticSummaries`
