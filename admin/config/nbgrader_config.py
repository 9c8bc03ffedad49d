"""The one nbgrader configuration: commands, Python API and formgrader all load this file.

`python3 -m admin nbgrader …` and `python3 -m admin lab` put this folder on JUPYTER_CONFIG_PATH; the
`nbgrader_config.py` that `build` writes into the course folder leads here too, so that a plain `nbgrader`
typed in the course folder, or a Jupyter server started there, behaves the same. `--course-dir` on the command
line wins over what stands here.
"""

import os
import sys
from pathlib import Path

import nbgrader

c = get_config()  # put there by nbgrader's loader

REPOSITORY = Path(__file__).resolve().parents[2]

# nbgrader imports our preprocessors by name (admin.…), wherever it is started.
if str(REPOSITORY) not in sys.path:
    sys.path.insert(0, str(REPOSITORY))

from admin.grading.validate import Seconds  # noqa: E402

# Time zone in which nbgrader shows and reads times without one (due dates, time stamps of submissions).
TIME_ZONE = "UTC"

# --- Where the course is --------------------------------------------------------------------------
# The name under which the exchange and the gradebook keep this course; without one nbgrader cannot release.
c.CourseDirectory.course_id = "convnet"

# CONVNET_COURSE carries our commands' --course DIR to programs that have no such option (the Jupyter server);
# where it is set, our commands go by it as well.
c.CourseDirectory.root = str(Path(os.environ.get("CONVNET_COURSE") or REPOSITORY / "course").absolute())

# assignment_id is not set: nbgrader would then refuse it as an argument (`nbgrader autograde convnet`).
# notebook_id stays '*': with a name there, forced grading would leave a student's old files in autograded/.

# nbgrader's own list, and what editors and operating systems leave behind in zipped submissions.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    ".DS_Store",
    "__MACOSX",
    "Thumbs.db",
    ".git",
    ".venv",
]

c.NbGraderAPI.timezone = TIME_ZONE
c.Exchange.timezone = TIME_ZONE

# The exchange: a folder that all users of one machine or hub can reach, named here or in CONVNET_EXCHANGE.
# c.Exchange.root = "/srv/nbgrader/exchange"
if os.environ.get("CONVNET_EXCHANGE"):
    c.Exchange.root = str(Path(os.environ["CONVNET_EXCHANGE"]).absolute())

# --- Collecting -----------------------------------------------------------------------------------
# nbgrader's own follow links that students put into the exchange, to any file that the instructor can read.
c.ExchangeFactory.collect = "admin.exchange.collect.CleanCollect"
c.ExchangeFactory.list = "admin.exchange.collect.CleanList"

# The same for archives that were downloaded from a learning platform (`nbgrader zip_collect`).
c.ZipCollectApp.extractor_plugin = "admin.exchange.unpack.CleanExtractor"
c.ZipCollectApp.collector_plugin = "admin.exchange.unpack.CleanFileNames"

# --- The student version --------------------------------------------------------------------------
# Only a comment: an empty answer is None or returns None, and the notebook and the checks say so in words.
# nbgrader's own stub raises NotImplementedError: a traceback in every cell that follows.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}

# --- Running a submission -------------------------------------------------------------------------
# Ours in place of nbgrader's Execute: cells run in a sandbox, checks are judged outside of it. SaveFindings
# keeps the findings and marks what ran out of time for a person. The rest is nbgrader's own list, without a
# second CheckCellMetadata: what was handed in has passed the first one, below, and nothing here changes those
# marks. `grade` records without these steps, and to the same (admin/grading/recorder.py): who changes one
# changes both.
c.Autograde.autograde_preprocessors = [
    "admin.grading.execute.JudgedExecute",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "admin.grading.execute.SaveFindings",
    "admin.grading.lateness.LatePenalties",
]

# What being late costs stands in the course folder's late.toml; nbgrader asks this plugin of ours.
c.AssignLatePenalties.plugin_class = "admin.grading.lateness.LatePolicy"

# Seconds a cell may take. Training is bounded while grading: the longest cell takes 8 seconds on two free
# cores, and took 19 while others worked on them. Whatever runs longer than this is an endless loop.
c.JudgedExecute.cell_seconds = 40

# A machine without a sandbox grades nothing, unless somebody says that submissions may have all their rights:
# `grade --without-sandbox` sets this, and so may who starts `nbgrader autograde` or a Jupyter server.
c.JudgedExecute.isolated = os.environ.get("CONVNET_WITHOUT_SANDBOX") != "1"
if not c.JudgedExecute.isolated:
    c.Application.log_format = "WITHOUT SANDBOX [%(name)s | %(levelname)s] %(message)s"

# Names that students give, and their errors, stand in lines of the log: without what a terminal obeys.
c.Application.logging_config = {"formatters": {"console": {"class": "admin.grading.log.PrintableFormatter"}}}

# `nbgrader validate` still runs a notebook in a kernel, so not one that was handed in. Nothing in a kernel is
# worth an orderly goodbye (2.5 s).
c.Execute.timeout = Seconds(40)
c.Execute.shutdown_kernel = "immediate"

# Seconds to wait for a cell's last output. The default, 4, fails a submission when the machine is busy.
c.Execute.iopub_timeout = 30

# Students delete, copy and convert cells. RepairCells gives every cell the marks of the released one: stock
# nbgrader stops the whole batch at a copied check cell, and has a KeyError when a check cell and its answer
# cell are both gone. The rest is nbgrader's own list.
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "admin.grading.repair.RepairCells",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# What was handed in is read in a process with bounds, and nbgrader works on the copy that comes of it: no
# link is followed, on no way in. The exporter is where this can be configured; see admin/grading/intake.py.
c.Autograde.exporter_class = "admin.grading.intake.CopiesExporter"

# Should a check cell still be missing then, it is put back and worth 0, instead of 'needs manual grade'.
c.OverwriteCells.add_missing_cells = True

# nbconvert looks after each preprocessor whether a notebook is a valid one; once, at the end, is enough.
# https://nbconvert.readthedocs.io/en/latest/config_options.html
c.Exporter.optimistic_validation = True

# --- Feedback -------------------------------------------------------------------------------------
# A page of feedback is read by people: a print in a loop is cut after some screens, not after 1000 lines.
c.LimitOutput.max_lines = 300

# A table of all tasks opens the page, and the course's own text is folded. Before that, what was taken off
# for being late is made what it is now. The rest is nbgrader's own list.
c.GenerateFeedback.preprocessors = [
    "admin.grading.lateness.LatePenalties",
    "nbgrader.preprocessors.GetGrades",
    "admin.grading.feedback.FeedbackTable",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

# Of the feedback only its page reaches the student, so the pictures of the text have to be inside it. They
# are ours: `autograde` overwrites what a submission has by their names; what students write names no file.
c.HTMLExporter.embed_images = True

# No page loads anything from another machine or runs a script of a student's: formulas are MathML, and where
# nbgrader's templates ask for MathJax stands a Content-Security-Policy (admin/pages/filters.py).
c.HTMLExporter.filters = {
    name: f"admin.pages.filters.{name}"
    for name in ("markdown2html", "strip_files_prefix", "ansi2html", "highlight_code")
}
c.HTMLExporter.extra_template_basedirs = [
    str(REPOSITORY / "admin" / "pages" / "templates"),
    str(Path(nbgrader.__file__).resolve().parent / "server_extensions" / "formgrader" / "templates"),
]
