# Training on Spark. Prerequisite: Java 17. PySpark is half a gigabyte, and therefore in a place of its own.
SPARK := build/spark/.ready

.PHONY: spark

spark: $(READY) $(SPARK) ## training on Spark: the same snapshots and model as on one machine, to the bit; for every night
	LEADPULSE_REQUIRE_SPARK=1 PYTHONPATH=build/spark $(BIN)/python -m pytest -m spark tests/training/test_spark.py $(PYTEST)

bench: $(SPARK)

$(SPARK): requirements/spark.txt $(READY)
	rm -rf $(@D)
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --require-hashes \
		--target $(@D) -r $<
	@touch $@
