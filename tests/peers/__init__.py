"""What a user could pick instead, on the same venue under the same kills: see docs/crash-table.md."""
