#include "herd/help.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace herd {

namespace {

constexpr std::size_t columns = 80;
constexpr std::size_t left_max = 24;  // of what stands before a description in the same line

// Lines of at most so many bytes, broken at blanks.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    while (text.size() > width) {
        const std::size_t blank = text.rfind(' ', width);
        if (blank == std::string_view::npos || blank == 0) break;
        lines.emplace_back(text.substr(0, blank));
        text.remove_prefix(blank + 1);
    }
    lines.emplace_back(text);
    return lines;
}

struct Row {
    std::string left;
    std::string meaning;
};
using Rows = std::vector<Row>;

// One column for all rows of a page.
std::string page(const Rows& rows, std::size_t left) {
    std::string text;
    for (const Row& row : rows) {
        std::string line = "  " + row.left;
        for (const std::string& part : wrapped(row.meaning, columns - left)) {
            // What is too long for the column has a line of its own.
            if (line.size() + 2 > left) text += std::exchange(line, "") + "\n";
            line.resize(left, ' ');
            text += std::exchange(line, "") + part + "\n";
        }
    }
    return text;
}

std::string left_of(const CLI::Option& option) {
    const std::string argument = argument_of(option);
    const std::string many = option.get_expected_max() > 1 ? "..." : "";
    if (option.get_positional()) return name_of(option) + many;
    std::string text;
    for (const std::string& name : option.get_snames()) text += "-" + name + ", ";
    return text + name_of(option) + (argument.empty() ? "" : " " + argument);
}

std::string meaning_of(const CLI::Option& option) {
    const std::string usual = option.get_default_str();
    return option.get_description() + (usual.empty() ? "" : " [" + usual + "]");
}

std::string usage_of(const CLI::App& app, const std::string& name) {
    std::string text = "usage: " + name;
    if (!app.get_subcommands({}).empty()) {
        return text + " COMMAND [OPTION...]\n";
    }
    std::string places;
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_positional()) {
            places += " " + left_of(*option);
        } else if (option->get_required()) {
            text += " " + left_of(*option);
        }
    }
    return text + " [OPTION...]" + places + "\n";
}

}  // namespace

std::string name_of(const CLI::Option& option) {
    if (option.get_positional()) return option.get_single_name();
    const std::vector<std::string>& names = option.get_lnames();
    return names.empty() ? "" : "--" + names.front();
}

std::string argument_of(const CLI::Option& option) {
    if (option.get_positional() || option.get_items_expected_max() == 0) return "";
    return option.get_type_name();
}

std::string help_of(const CLI::App* app, const std::string& name, CLI::AppFormatMode /*mode*/) {
    Rows places;
    Rows commands;
    Rows options;
    for (const CLI::Option* option : app->get_options()) {
        if (!is_shown(*option)) continue;
        Rows& rows = option->get_positional() ? places : options;
        rows.push_back({left_of(*option), meaning_of(*option)});
    }
    for (const CLI::App* each : app->get_subcommands({})) {
        commands.push_back({each->get_name(), each->get_description()});
    }
    std::size_t left = 0;
    for (const Rows* rows : {&places, &commands, &options}) {
        for (const Row& row : *rows) {
            const std::size_t width = row.left.size() + 4;
            if (width <= left_max) left = std::max(left, width);
        }
    }
    std::string text;
    for (const std::string& line : wrapped(app->get_description(), columns)) text += line + "\n";
    text += usage_of(*app, name) + "\n";
    for (const Rows* rows : {&places, &commands, &options}) {
        if (!rows->empty()) text += page(*rows, left);
    }
    const std::string footer = app->get_footer();
    if (!footer.empty()) text += "\n" + footer + "\n";
    return text;
}

}  // namespace herd
