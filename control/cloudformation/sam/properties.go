package sam

import (
	"slices"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// A set says of a type's properties which lamgate takes and which it lacks.
type set struct{ taken, lacking []string }

func functionProperties() set {
	return set{
		taken: []string{
			"Architectures", "AssumeRolePolicyDocument", "AutoPublishAlias", "AutoPublishAliasAllProperties", "AutoPublishCodeSha256",
			"CodeSigningConfigArn", "CodeUri", "DeadLetterQueue", "Description", "Environment", "EphemeralStorage", "EventInvokeConfig", "Events",
			"FunctionName", "FunctionUrlConfig", "Handler", "ImageConfig", "ImageUri", "InlineCode", "Layers", "LoggingConfig", "MemorySize",
			"PackageType", "PermissionsBoundary", "Policies", "ProvisionedConcurrencyConfig", "RecursiveLoop", "ReservedConcurrentExecutions",
			"Role", "RolePath", "Runtime", "RuntimeManagementConfig", "SnapStart", "Tags", "Timeout", "Tracing", "VersionDescription", "VpcConfig",
		},
		lacking: []string{
			"CapacityProviderConfig", "DeploymentPreference", "DurableConfig", "FileSystemConfigs", "FunctionScalingConfig", "KmsKeyArn",
			"PropagateTags", "PublishToLatestPublished", "SourceKMSKeyArn", "TenancyConfig", "VersionDeletionPolicy",
		},
	}
}

func layerProperties() set {
	return set{
		taken: []string{
			"CompatibleArchitectures", "CompatibleRuntimes", "ContentUri", "Description", "LayerName", "LicenseInfo", "RetentionPolicy",
		},
		lacking: []string{"PublishLambdaVersion"},
	}
}

func apiProperties() set {
	return set{
		taken: []string{
			"AccessLogSetting", "ApiKeySourceType", "BinaryMediaTypes", "CacheClusterEnabled", "CacheClusterSize", "CanarySetting", "Cors", "DefinitionBody", "DefinitionUri", "Description",
			"DisableExecuteApiEndpoint", "EndpointConfiguration", "FailOnWarnings", "GatewayResponses", "MethodSettings",
			"MinimumCompressionSize", "Mode", "Models", "Name", "OpenApiVersion", "StageName", "Tags", "TracingEnabled", "Variables",
		},
		lacking: []string{
			"AlwaysDeploy", "Auth", "Domain", "EndpointAccessMode", "MergeDefinitions", "Policy", "PropagateTags", "SecurityPolicy",
		},
	}
}

func apiEventProperties() set {
	return set{
		taken:   []string{"Method", "Path", "RequestModel", "RequestParameters", "RestApiId", "TimeoutInMillis"},
		lacking: []string{"Auth", "ResponseTransferMode", "Stage"},
	}
}

// check reports every property that is not taken.
func (s set) check(properties *template.Node, report func(pos template.Pos, format string, args ...any), kind string) {
	for _, f := range properties.Fields {
		switch {
		case slices.Contains(s.taken, f.Key):
		case slices.Contains(s.lacking, f.Key):
			report(f.Pos, "lamgate does not support the property %s of %s", f.Key, kind)
		default:
			report(f.Pos, "property %s not defined for resource of type %s", f.Key, kind)
		}
	}
}
