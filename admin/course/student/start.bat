@echo off
rem Windows: double-click this file. The first time it installs what the notebook needs.
cd /d "%~dp0"
for %%v in (3.13 3.12 3.11) do (
    py -%%v -c "" >nul 2>nul && (
        py -%%v start.py %*
        goto end
    )
)
python -c "" >nul 2>nul && (
    python start.py %*
    goto end
)
echo There is no Python here. Install Python 3.13: https://www.python.org/downloads/
:end
pause
