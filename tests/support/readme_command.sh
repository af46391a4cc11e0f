#!/bin/sh
# readme_command.sh N: prints the code block that follows `<!-- command N -->` in README.md, word for word.
exec awk -v mark="<!-- command $1 -->" '
  $0 == mark { found = 1; next }
  found && /^```/ { if (open++) exit; next }
  found && open { print }
' "$(dirname "$0")/../../README.md"
