#include "herd/completion.hpp"

#include "herd/config/config.hpp"
#include "herd/config/file.hpp"
#include "herd/help.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace herd {

namespace {

// The option of that name, if something stands behind it.
const CLI::Option* taker_of(const CLI::App& command, const std::string& word) {
    for (const CLI::Option* option : command.get_options()) {
        if (!option->get_positional() && option->check_name(word)) {
            return argument_of(*option).empty() ? nullptr : option;
        }
    }
    return nullptr;
}

struct Typed {
    const CLI::Option* taker = nullptr;  // behind which the last word stands
    std::size_t places = 0;              // words so far that belong to no option
    std::string config_file;
};

Typed read(const CLI::App& command, std::span<const std::string> words) {
    Typed typed;
    for (const std::string& word : words.first(words.size() - 1)) {
        if (typed.taker != nullptr) {
            if (name_of(*typed.taker) == "--config") typed.config_file = word;
            typed.taker = nullptr;
        } else if (word.starts_with('-') && word != "-") {
            typed.taker = taker_of(command, word);
        } else {
            ++typed.places;
        }
    }
    return typed;
}

std::string servers(const std::string& config_file) {
    const auto config = config_file.empty() ? Outcome<config::Config>(config::Config::built_in())
                                            : config::read(config_file.c_str());
    std::string text;
    if (!config) return text;
    for (const config::Server& server : (*config).servers) text += server.name + "\n";
    return text;
}

// What stands behind an option.
std::string behind(std::string_view kind, const Typed& typed) {
    if (kind.ends_with("FILE")) return ":files\n";
    if (kind == "DIR") return ":folders\n";
    return kind == "[NAME]" ? servers(typed.config_file) : "";
}

// What stands where no option does.
std::string in_place(const CLI::App& command, const Typed& typed) {
    std::size_t first = 0;  // of the words that are this one's
    for (const CLI::Option* option : command.get_options()) {
        if (!option->get_positional()) continue;
        const bool many = option->get_expected_max() > 1;
        if (first++ != typed.places && !many) continue;
        const std::string name = name_of(*option);
        return name == "NAME" ? servers(typed.config_file) : behind(name, typed);
    }
    return "";
}

std::string options(const CLI::App& command) {
    std::string text;
    for (const CLI::Option* option : command.get_options()) {
        if (option->get_positional() || !is_shown(*option)) continue;
        text += name_of(*option) + "\t" + option->get_description() + "\n";
    }
    return text;
}

std::string commands(const CLI::App& app) {
    std::string text;
    for (const CLI::App* each : app.get_subcommands({})) {
        text += each->get_name() + "\t" + each->get_description() + "\n";
    }
    return text;
}

// Those lines that go on as the word begins, and those that are not words.
std::string beginning_with(std::string_view word, std::string_view lines) {
    std::string text;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n') + 1);
        if (line.starts_with(word) || line.starts_with(':')) text += line;
        lines.remove_prefix(line.size());
    }
    return text;
}

std::string all_that_may_come(const CLI::App& app, std::span<const std::string> words) {
    const std::string& last = words.back();
    if (words.size() == 1) return last.starts_with('-') ? options(app) : commands(app);
    const auto is_it = [&](const CLI::App* each) { return each->check_name(words.front()); };
    const auto found = app.get_subcommands(is_it);
    if (found.empty()) return "";
    const CLI::App& command = *found.front();
    const Typed typed = read(command, words.subspan(1));
    if (typed.taker != nullptr) return behind(argument_of(*typed.taker), typed);
    return last.starts_with('-') ? options(command) : in_place(command, typed);
}

}  // namespace

std::string completion(const CLI::App& app, std::span<const std::string> words) {
    return words.empty() ? "" : beginning_with(words.back(), all_that_may_come(app, words));
}

}  // namespace herd
