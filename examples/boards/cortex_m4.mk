# Builds $(BUILD)/firmware.elf for QEMU's Cortex-M4 from main.c and $(BUILD)/model/$(NAME)_data.cc; `make run` runs it.
BOARDS := $(dir $(lastword $(MAKEFILE_LIST)))
CC    = arm-none-eabi-gcc
FLAGS = -mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard -O2 -ffunction-sections -fdata-sections -I$(BUILD)/model -I$(BOARDS) -Wall -Wextra

$(BUILD)/model.o: $(BUILD)/model/$(NAME)_data.cc
	$(CC) $(FLAGS) -x c++ -std=c++17 -fno-exceptions -fno-rtti -c $< -o $@
$(BUILD)/rt.o: $(BUILD)/model/$(NAME)_data.cc
	$(CC) $(FLAGS) -std=c99 -c $(BUILD)/model/tinyc_rt.c -o $@
$(BUILD)/main.o: main.c $(BUILD)/model/$(NAME)_data.cc
	$(CC) $(FLAGS) -std=gnu11 -c main.c -o $@
$(BUILD)/firmware.elf: $(BUILD)/main.o $(BUILD)/model.o $(BUILD)/rt.o $(BOARDS)cortex_m4.c $(BOARDS)print_number.c
	$(CC) $(FLAGS) -std=gnu11 -nostartfiles --specs=nano.specs -Wl,--gc-sections -T $(BOARDS)cortex_m4.ld $^ -o $@
	arm-none-eabi-size $@

run: $(BUILD)/firmware.elf
	qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel $<
clean:
	rm -rf $(BUILD)
