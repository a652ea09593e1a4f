# Models in a Makefile (GNU make). Include this file, name the models, and compile what the variables hold:
#
#   include /usr/share/tinyc/tinyc.mk
#   $(eval $(call tinyc_model,kws,models/kws.tflite,--int8 --calib models/calib.npz --target cortex-m4 --max-flash 64KiB))
#
#   TINYC_SOURCES    the C files of all models and of the runtime that they share
#   TINYC_HEADERS    what must exist before anything that includes NAME_data.h is compiled
#   TINYC_CPPFLAGS   where NAME_data.h is found
#
# tinyc runs again when the model, what it read, its options or tinyc itself has changed; a gate that fails stops make.
# Set before the include: TINYC (the command), TINYC_BUILD (where files are written, default build/tinyc). Link with
# -Wl,--gc-sections and compile with -ffunction-sections: then the linker keeps what the program uses.
tinyc_here := $(dir $(lastword $(MAKEFILE_LIST)))
TINYC ?= $(firstword $(wildcard $(tinyc_here)../../bin/tinyc) tinyc)
TINYC_BUILD ?= build/tinyc
TINYC_SOURCES := $(TINYC_BUILD)/src/tinyc_rt.c
TINYC_CPPFLAGS := -I$(TINYC_BUILD)/src
TINYC_HEADERS :=

# the kernels that the models need; its prerequisites are the models
tinyc_goal := $(.DEFAULT_GOAL)
$(TINYC_BUILD)/src/tinyc_rt.c:
	$(TINYC) runtime $(^D) -q -o $(@D)
.DEFAULT_GOAL := $(tinyc_goal)

# $(call tinyc_model,NAME,MODEL,OPTIONS)
define tinyc_model
TINYC_SOURCES += $(TINYC_BUILD)/src/$(1)_data.c
TINYC_HEADERS += $(TINYC_BUILD)/src/$(1)_data.h

# the command line is kept in a file, which changes only when the command line does
$(TINYC_BUILD)/$(1).options: tinyc_always
	@mkdir -p $$(@D)
	@printf '%s\n' '$$(subst ','\'',$(3))' | cmp -s - $$@ || printf '%s\n' '$$(subst ','\'',$(3))' >$$@

$(TINYC_BUILD)/$(1)/$(1)_data.cc: $(2) $(TINYC_BUILD)/$(1).options $(wildcard $(TINYC))
	$(TINYC) compress $(2) $(3) --name $(1) --reproducible -q -o $$(@D) --depfile $(TINYC_BUILD)/$(1).d || { rm -f $$@; exit 1; }

# one folder for all that is compiled; the same text is C, for firmware without a C++ compiler
$(TINYC_BUILD)/src/$(1)_data.c: $(TINYC_BUILD)/$(1)/$(1)_data.cc $(TINYC_BUILD)/src/$(1)_data.h
	cp $$< $$@
$(TINYC_BUILD)/src/$(1)_data.h: $(TINYC_BUILD)/$(1)/$(1)_data.cc
	@mkdir -p $$(@D)
	cp $(TINYC_BUILD)/$(1)/$(1)_data.h $$@
$(TINYC_BUILD)/src/tinyc_rt.c: $(TINYC_BUILD)/$(1)/$(1)_data.cc

-include $(TINYC_BUILD)/$(1).d
# none of these targets is what a bare `make` makes
.DEFAULT_GOAL := $(.DEFAULT_GOAL)
endef

.PHONY: tinyc_always
