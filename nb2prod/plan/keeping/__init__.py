"""What training must keep so that a prediction can repeat the steps, and how each step reads on either side.

df["Age"] = df["Age"].fillna(df["Age"].median())

train()      age_median = df["Age"].median()
             df["Age"] = df["Age"].fillna(age_median)
predict()    df["Age"] = df["Age"].fillna(self.age_median)
"""

from nb2prod.plan.keeping.kept import Definition, Keep, Keeping, Step
from nb2prod.plan.keeping.places import Path
from nb2prod.plan.keeping.planner import plan_keeping

__all__ = ["Definition", "Keep", "Keeping", "Path", "Step", "plan_keeping"]
