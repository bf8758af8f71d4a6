package policy

// servicePolicies are those for the services that functions call, and those
// for everything.
var servicePolicies = []awsPolicy{
	{name: "AdministratorAccess", version: "v1", created: "2015-02-06", grants: []grant{
		{actions: "*"},
	}},
	// AWS's names every read action of every service, some 1,500 of them; this
	// one those of the services that an API or a function here can meet. What
	// it allows, AWS's does too.
	{name: "ReadOnlyAccess", version: "v1", created: "2015-02-06", grants: []grant{
		{actions: readConfiguration + ` dynamodb:BatchGet* dynamodb:Get* dynamodb:PartiQLSelect dynamodb:Query
			dynamodb:Scan kinesis:Get* lambda:Get* logs:FilterLogEvents logs:Get* logs:StartQuery logs:StopQuery
			logs:TestMetricFilter s3:Get* sqs:Receive* ssm:Get* xray:BatchGet* xray:Get*`},
	}},
	{name: "AmazonS3ReadOnlyAccess", version: "v3", created: "2023-08-10", grants: []grant{
		{actions: "s3:Get* s3:List* s3:Describe* s3-object-lambda:Get* s3-object-lambda:List*"},
	}},
	{name: "AmazonS3FullAccess", version: "v2", created: "2021-09-27", grants: []grant{
		{actions: "s3:* s3-object-lambda:*"},
	}},
	{name: "AmazonSQSFullAccess", version: "v1", created: "2015-02-06", grants: []grant{
		{actions: "sqs:*"},
	}},
	{name: "AmazonSQSReadOnlyAccess", version: "v3", created: "2023-06-15", grants: []grant{
		{actions: "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ListDeadLetterSourceQueues sqs:ListQueues sqs:ListMessageMoveTasks"},
	}},
	{name: "AmazonSNSFullAccess", version: "v1", created: "2015-02-06", grants: []grant{
		{actions: "sns:*"},
	}},
	{name: "AmazonSNSReadOnlyAccess", version: "v1", created: "2015-02-06", grants: []grant{
		{actions: "sns:GetTopicAttributes sns:List*"},
	}},
	{name: "AmazonDynamoDBFullAccess", version: "v15", created: "2021-01-29", grants: []grant{
		{actions: `dynamodb:* dax:* datapipeline:ActivatePipeline datapipeline:CreatePipeline
			datapipeline:DeletePipeline datapipeline:PutPipelineDefinition sns:CreateTopic sns:DeleteTopic
			sns:ListSubscriptions sns:Subscribe sns:Unsubscribe sns:SetTopicAttributes lambda:CreateFunction
			lambda:CreateEventSourceMapping lambda:DeleteEventSourceMapping lambda:DeleteFunction
			application-autoscaling:DeleteScalingPolicy application-autoscaling:DeregisterScalableTarget
			application-autoscaling:PutScalingPolicy application-autoscaling:RegisterScalableTarget
			cloudwatch:DeleteAlarms cloudwatch:PutMetricAlarm resource-groups:DeleteGroup
			resource-groups:CreateGroup` + aroundDynamoDB},
		{actions: "cloudwatch:GetInsightRuleReport", resource: "arn:aws:cloudwatch:*:*:insight-rule/DynamoDBContributorInsights*"},
		{
			actions: "iam:PassRole",
			when: `StringLike iam:PassedToService application-autoscaling.amazonaws.com
				application-autoscaling.amazonaws.com.cn dax.amazonaws.com`,
		},
		{
			actions: "iam:CreateServiceLinkedRole",
			when: `StringEquals iam:AWSServiceName replication.dynamodb.amazonaws.com dax.amazonaws.com
				dynamodb.application-autoscaling.amazonaws.com contributorinsights.dynamodb.amazonaws.com
				kinesisreplication.dynamodb.amazonaws.com`,
		},
	}},
	{name: "AmazonDynamoDBReadOnlyAccess", version: "v14", created: "2024-03-20", grants: []grant{
		{sid: "GeneralReadOnlyAccess", actions: `dynamodb:BatchGetItem dynamodb:Describe* dynamodb:List*
			dynamodb:GetItem dynamodb:GetResourcePolicy dynamodb:Query dynamodb:Scan dynamodb:PartiQLSelect
			dax:Describe* dax:List* dax:GetItem dax:BatchGetItem dax:Query dax:Scan` + aroundDynamoDB},
		{sid: "CCIAccess", actions: "cloudwatch:GetInsightRuleReport", resource: "arn:aws:cloudwatch:*:*:insight-rule/DynamoDBContributorInsights*"},
	}},
	{name: "AWSStepFunctionsFullAccess", version: "v1", created: "2017-01-11", grants: []grant{
		{actions: "states:*"},
	}},
}

// aroundDynamoDB is what DynamoDB's console reads of other services.
const aroundDynamoDB = ` application-autoscaling:DescribeScalableTargets
	application-autoscaling:DescribeScalingActivities application-autoscaling:DescribeScalingPolicies
	cloudwatch:DescribeAlarmHistory cloudwatch:DescribeAlarms cloudwatch:DescribeAlarmsForMetric
	cloudwatch:GetMetricStatistics cloudwatch:ListMetrics cloudwatch:GetMetricData datapipeline:DescribeObjects
	datapipeline:DescribePipelines datapipeline:GetPipelineDefinition datapipeline:ListPipelines
	datapipeline:QueryObjects ec2:DescribeVpcs ec2:DescribeSubnets ec2:DescribeSecurityGroups iam:GetRole
	iam:ListRoles kms:DescribeKey kms:ListAliases sns:ListSubscriptionsByTopic sns:ListTopics lambda:ListFunctions
	lambda:ListEventSourceMappings lambda:GetFunctionConfiguration resource-groups:ListGroups
	resource-groups:ListGroupResources resource-groups:GetGroup resource-groups:GetGroupQuery tag:GetResources
	kinesis:ListStreams kinesis:DescribeStream kinesis:DescribeStreamSummary`

// readConfiguration reads what there is and how it is set up, not what it
// holds.
const readConfiguration = `apigateway:GET cloudformation:Describe* cloudformation:Get* cloudformation:List*
	cloudwatch:Describe* cloudwatch:Get* cloudwatch:List* dynamodb:Describe* dynamodb:List* ec2:Describe*
	events:Describe* events:List* iam:Get* iam:List* kinesis:Describe* kinesis:List* kms:Describe* kms:List*
	lambda:List* logs:Describe* logs:ListTagsForResource logs:ListTagsLogGroup s3:List* secretsmanager:Describe*
	secretsmanager:List* sns:Get* sns:List* sqs:Get* sqs:List* ssm:Describe* ssm:List* states:Describe*
	states:List* tag:Get*`
