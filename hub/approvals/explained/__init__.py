"""Which row of the approval matrix applies to a version on its way to a stage, why, and who could sign."""
