"""Task 5: batch size and epochs for net_1."""

from checks.training import answer_train, cases_train, judge_train, redrawn_train

cases = cases_train
redrawn = redrawn_train
answer = answer_train("model_1")
judge = judge_train("train_net_1", "model_1")
