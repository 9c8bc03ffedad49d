"""Task 4: two convolutions, max-pooling and two dense layers."""

from checks.model import answer_net, cases_net, redrawn_net
from checks.nets import judge_net

cases = cases_net
redrawn = redrawn_net
answer = answer_net("net_1")
judge = judge_net("net_1")
