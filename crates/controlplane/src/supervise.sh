# Arguments: GRACE REMOVE PROGRAM [ARGUMENT...]
# Runs PROGRAM until it ends by itself or standard input reaches its end.
#
# Standard input is a pipe that only the owner holds, so its end means that the
# owner is gone, however it went: SIGKILL can't be caught, but it closes pipes.
# Prints the process id of PROGRAM; its output goes to standard error.
#
#   GRACE   tenths of a second between SIGTERM and SIGKILL
#   REMOVE  a folder to remove after the end of the input; may be empty
grace=$1
remove=$2
shift 2
exec 3<&0
"$@" </dev/null >&2 3<&- &
pid=$!
echo "$pid"
exec >&2
(
  read -r _ <&3
  # From here on the work is done to its end, also when the program ends first.
  trap '' TERM
  kill -TERM "$pid"
  tenths=0
  while [ "$tenths" -lt "$grace" ] && kill -0 "$pid"; do
    sleep 0.1
    tenths=$((tenths + 1))
  done
  kill -KILL "$pid"
  [ -z "$remove" ] || rm -rf "$remove"
) 2>/dev/null &
guard=$!
wait "$pid"
code=$?
kill -TERM "$guard" 2>/dev/null
wait "$guard"
exit "$code"
