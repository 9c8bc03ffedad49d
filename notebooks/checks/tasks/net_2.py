"""Task 6: net_1 with a strided convolution in the place of pooling."""

from checks.model import answer_net, cases_net, redrawn_net
from checks.nets import judge_net

cases = cases_net
redrawn = redrawn_net
answer = answer_net("net_2")
judge = judge_net("net_2")
