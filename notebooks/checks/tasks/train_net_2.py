"""Task 7: batch size and epochs for net_2."""

from checks.training import answer_train, cases_train, judge_train, redrawn_train

cases = cases_train
redrawn = redrawn_train
answer = answer_train("model_2")
judge = judge_train("train_net_2", "model_2")
