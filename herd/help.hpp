#pragma once

#include <CLI/CLI.hpp>

#include <string>

// What the command line tells of itself.
namespace herd {

// What `--help` prints of the program or a subcommand: the descriptions that its App has, wrapped
// at 80 columns. All of it fits a screen of 24 lines; what more there is to say is in the manual
// pages (docs/man). `name` is all that was typed before it: "herd", "herd send".
std::string help_of(const CLI::App* app, const std::string& name, CLI::AppFormatMode mode);

// Whether it is told of: some options are for tests only.
inline bool is_shown(const CLI::Option& option) {
    return !option.get_group().empty();
}
// As it is called: "--config", "NAME".
std::string name_of(const CLI::Option& option);
// What stands behind it, such as FILE; empty: nothing does.
std::string argument_of(const CLI::Option& option);

}  // namespace herd
