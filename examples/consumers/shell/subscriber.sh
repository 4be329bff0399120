#!/bin/sh
# Reads alerts and writes each of them once, whatever happens to this program. Needs what Kafka comes with:
#
#   PATH=$PATH:/opt/kafka/bin ./subscriber.sh localhost:9092 leadpulse alerts.txt
#
# The console consumer reads the topic from its beginning each time, and keeps no position that could run ahead of the
# file. A line of the file begins with the alert's id, by which it is recognised when it is read again.
set -eu

bootstrap=$1 prefix=$2 file=$3
tab=$(printf '\t')

# A last line that was cut short by a kill is no line: it comes again.
touch "$file"
[ -z "$(tail -c 1 "$file")" ] || { sed '$d' "$file" > "$file.whole" && mv "$file.whole" "$file"; }

kafka-console-consumer.sh --bootstrap-server "$bootstrap" --topic "$prefix.alerts" --from-beginning \
  --isolation-level read_committed --property print.headers=true --property print.key=true |
  while IFS=$tab read -r headers lead alert; do
    id=${headers#*ce_id:}
    id=${id%%,*}
    grep -q "^$id$tab" "$file" || printf '%s\t%s\t%s\n' "$id" "$lead" "$alert" >> "$file"
  done
