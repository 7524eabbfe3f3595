# The short way to everything; Meson does the work. Build folders are build/ (what you run) and build-*/.
BUILD   = build
SECONDS = 60
NINJA   = ninja

all: $(BUILD)/build.ninja
	@$(NINJA) -C $(BUILD)

$(BUILD)/build.ninja:
	@tools/install-deps --check build
	@meson setup $(BUILD)

demo: ; @tools/demo
test: ; @tools/test
test-all: ; @tools/test-all
fuzz: ; @tools/fuzz $(SECONDS)
bench: all ; @$(BUILD)/lastack bench

format: ; @git ls-files '*.c' '*.h' | xargs clang-format -i
tidy: ; @tools/tidy.py --lengths
install: all ; @meson install -C $(BUILD) --no-rebuild
clean: ; @rm -rf build build-*/

.PHONY: all demo test test-all fuzz bench format tidy install clean
