package cloudformation

// The statuses of stacks and resources.
const (
	reviewInProgress = "REVIEW_IN_PROGRESS"

	createInProgress = "CREATE_IN_PROGRESS"
	createComplete   = "CREATE_COMPLETE"
	createFailed     = "CREATE_FAILED"

	rollbackInProgress = "ROLLBACK_IN_PROGRESS"
	rollbackComplete   = "ROLLBACK_COMPLETE"
	rollbackFailed     = "ROLLBACK_FAILED"

	updateInProgress       = "UPDATE_IN_PROGRESS"
	updateCleanup          = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
	updateComplete         = "UPDATE_COMPLETE"
	updateFailed           = "UPDATE_FAILED"
	updateRollbackProgress = "UPDATE_ROLLBACK_IN_PROGRESS"
	updateRollbackCleanup  = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
	updateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE"
	updateRollbackFailed   = "UPDATE_ROLLBACK_FAILED"

	deleteInProgress = "DELETE_IN_PROGRESS"
	deleteComplete   = "DELETE_COMPLETE"
	deleteFailed     = "DELETE_FAILED"
	deleteSkipped    = "DELETE_SKIPPED"
)

// The statuses of executing a change set.
const (
	available         = "AVAILABLE"
	unavailable       = "UNAVAILABLE"
	executeInProgress = "EXECUTE_IN_PROGRESS"
	executeComplete   = "EXECUTE_COMPLETE"
	executeFailed     = "EXECUTE_FAILED"
	obsolete          = "OBSOLETE"

	changeSetComplete = "CREATE_COMPLETE"
	changeSetFailed   = "FAILED"
)
