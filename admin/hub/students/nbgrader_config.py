"""nbgrader as students have it on a hub: the course's name and the exchange, and nothing else.

The instructor's configuration lies beside the solutions, where students can't read.
"""

import os

c = get_config()  # put there by nbgrader's loader

c.CourseDirectory.course_id = "convnet"
c.Exchange.root = os.environ["CONVNET_EXCHANGE"]
c.Exchange.timezone = "UTC"
