"""What every training loop needs: checkpoints, schedules, progress, budgets."""
