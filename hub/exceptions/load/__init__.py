"""Who has how much on their hands: exceptions by owner, team and policy, questions by approver."""
