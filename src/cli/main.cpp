#include "cli/cli.h"

int main(int argc, char** argv) { return tinyc::run_cli(argc, argv); }
