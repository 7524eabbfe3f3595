# The short way to everything; Meson does the work. Build folders are build/ (what you run) and build-*/.
BUILD   = build
RELEASE = build-release
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
bench: $(RELEASE)/build.ninja
	@$(NINJA) -C $(RELEASE) lastack
	@$(RELEASE)/lastack bench

# What is measured and installed is a release: compiled as one file (docs/decisions/0012).
$(RELEASE)/build.ninja:
	@tools/install-deps --check build
	@meson setup --buildtype=release $(RELEASE)

format: ; @git ls-files '*.c' '*.h' | xargs clang-format -i
tidy: ; @tools/tidy.py --lengths
install: $(RELEASE)/build.ninja
	@$(NINJA) -C $(RELEASE) lastack liblastack.a
	@meson install -C $(RELEASE) --no-rebuild

clean: ; @rm -rf build build-*/

.PHONY: all demo test test-all fuzz bench format tidy install clean
