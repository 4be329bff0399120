#!/bin/bash
# KAFKA_FOO_BAR becomes the property foo.bar; the storage is formatted once; then the broker runs as process 1.
set -f
properties=/tmp/server.properties
: > $properties
while IFS='=' read -r -d '' name value; do
    case $name in
        KAFKA_HEAP_OPTS) ;;
        KAFKA_*) key=${name#KAFKA_}; key=${key,,}; printf '%s=%s\n' "${key//_/.}" "$value" >> $properties ;;
    esac
done < /proc/self/environ
classes='/opt/kafka/libs/*'
java -XX:TieredStopAtLevel=1 -cp "$classes" kafka.tools.StorageTool format --ignore-formatted \
    --cluster-id="${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" --config $properties || exit 1
exec java -Dlog4j2.configurationFile=/opt/kafka/log4j2.properties ${KAFKA_HEAP_OPTS:--Xmx512m} -XX:+UseSerialGC \
    -cp "$classes" kafka.Kafka $properties
