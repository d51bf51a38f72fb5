#include "herd/config/config.hpp"
#include "herd/config/file.hpp"
#include "herd/config/text.hpp"
#include "herd/keys/make.hpp"
#include "herd/offline/injection.hpp"
#include "herd/offline/place_table.hpp"
#include "herd/offline/places_server.hpp"
#include "herd/outcome.hpp"
#include "herd/places/key.hpp"
#include "herd/program/check.hpp"
#include "herd/program/make_keys.hpp"
#include "herd/program/processes.hpp"
#include "herd/program/send.hpp"
#include "herd/program/serve.hpp"
#include "herd/program/settings_page.hpp"
#include "herd/program/show_status.hpp"
#include "herd/program/token.hpp"
#include "herd/program/up.hpp"
#include "reactor/sys.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <expected>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr int wrong_usage = 2;

#if !defined(__SANITIZE_ADDRESS__)  // which sets itself up there
// Before the libraries that this is linked with set themselves up, which takes longer than all else
// until main().
[[gnu::section(".preinit_array"), gnu::used]] void (*hold_early)() = reactor::sys::hold_signals;
#endif

// A server may take all of its own deadline for a WHATSAT, and the way there and back some more.
constexpr std::chrono::seconds way{10};

int fail(const std::string& what) {
    std::fprintf(stderr, "herd: %s\n", what.c_str());
    return wrong_usage;
}

// Who asked has not got what could not be written.
int printed(int code) {
    std::cout.flush();
    const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
    return written ? code : fail("standard output cannot be written");
}

// What several subcommands have in common.
struct Common {
    std::string config_file;
    std::string log_folder;
    std::string name;  // of a server
    int parent = 0;    // 0: whoever it is, it may end first

    void add_config(CLI::App& command) {
        command.add_option("--config", config_file, "Configuration file; without, a built-in herd")
            ->type_name("FILE");
    }
    void add_log_folder(CLI::App& command) {
        command.add_option("--log-dir", log_folder, "Folder for logs; - for standard error")
            ->type_name("DIR");
    }
    void add_name(CLI::App& command) {
        command.add_option("NAME", name, "Server of the configuration")->required();
    }
    // For `up` only.
    void add_parent(CLI::App& command) { command.add_option("--parent", parent)->group(""); }

    // What `up` has started takes its place below it; true: `up` is gone already.
    bool orphaned() const {
        if (parent == 0) return false;
        herd::program::take_name();
        return !herd::program::die_with_parent(parent);
    }
    std::string where() const { return config_file.empty() ? "built-in" : config_file; }

    herd::Outcome<herd::config::Config> read() const {
        herd::Outcome<herd::config::Config> config = herd::config::Config::built_in();
        if (!config_file.empty()) config = herd::config::read(config_file.c_str());
        if (config && !log_folder.empty()) (*config).log.folder = log_folder;
        return config;
    }

    // Null and an error message when there is no such server.
    const herd::config::Server* find(const herd::config::Config& config) const {
        const herd::config::Server* const server = config.find(name);
        if (server != nullptr) return server;
        std::string names;
        for (const auto& each : config.servers) names += " " + each.name;
        fail("no server " + herd::config::quoted(name) + " in " + where() + ", but" + names);
        return nullptr;
    }
};

struct PlacesArguments {
    std::string listen = "127.0.0.1:12080";
    std::string data_folder;
    std::string delay;
    std::vector<std::string> faults;
    std::string key_file;
    std::uint64_t seed = 1;
    bool allow_inject = false;
};

int run_serve(const Common& common, bool corruptible) {
    if (common.orphaned()) return 1;
    const auto config = common.read();
    if (!config) return fail(config.error());
    const herd::config::Server* const self = common.find(*config);
    return self == nullptr ? wrong_usage : herd::program::serve(*config, *self, corruptible);
}

int run_up(const Common& common, const char* program) {
    const auto config = common.read();
    if (!config) return fail(config.error());
    return herd::program::up(*config, {program, common.config_file, common.log_folder});
}

struct CheckArguments {
    bool settings = false;
    std::string keys_folder;

    void add_to(CLI::App& command, Common& common) {
        common.add_config(command);
        command.add_flag("--settings", settings, "Print all settings that there are, in Markdown");
        command.add_option("--keys", keys_folder, "Examine the keys in this folder, too")
            ->type_name("DIR");
    }
};

int run_check(const Common& common, const CheckArguments& given) {
    if (given.settings) {
        std::fputs(herd::program::settings_page().c_str(), stdout);
        return 0;
    }
    const auto config = common.read();
    if (!config) return fail(config.error());
    const std::string& keys = given.keys_folder.empty() ? (*config).keys : given.keys_folder;
    return herd::program::check(*config, common.where(), keys);
}

struct KeysArguments {
    std::string folder;
    std::uint32_t days = herd::keys::days_usual;

    void add_to(CLI::App& command, Common& common) {
        common.add_config(command);
        command.add_option("DIR", folder, "Where they are, and new ones go")->required();
        command.add_option("--days", days, "How long new certificates are good for")
            ->type_name("N")
            ->check(CLI::Range(std::uint32_t{1}, herd::keys::days_max))
            ->capture_default_str();
    }
};

int run_keys(const Common& common, const KeysArguments& given) {
    const auto config = common.read();
    if (!config) return fail(config.error());
    return herd::program::make_keys(*config, given.folder, given.days);
}

// Each argument is a line; "-" stands for all lines of the standard input.
std::vector<std::string> collect(const std::vector<std::string>& arguments) {
    std::vector<std::string> lines;
    for (const std::string& argument : arguments) {
        if (argument != "-") {
            lines.push_back(argument);
            continue;
        }
        for (std::string line; std::getline(std::cin, line);) lines.push_back(line);
    }
    return lines;
}

struct SendArguments {
    std::vector<std::string> lines;
    std::string token_file;

    void add_to(CLI::App& command, Common& common) {
        common.add_config(command);
        command
            .add_option(
                "LINE", lines, "Command, such as \"WHATSAT kiwi 10 5\"; - for standard input")
            ->required();
        command.add_option("--token-file", token_file, "File with a token, which is shown first")
            ->type_name("FILE");
    }
};

int run_send(const Common& common, const SendArguments& given) {
    const auto config = common.read();
    if (!config) return fail(config.error());
    const herd::config::Server* const server = common.find(*config);
    if (server == nullptr) return wrong_usage;
    std::vector<std::string> lines = collect(given.lines);
    for (const std::string& line : lines) {
        if (line.find('\n') != std::string::npos) return fail("a LINE is one line");
    }
    if (!given.token_file.empty() && !lines.empty()) {
        auto line = herd::program::auth_line(given.token_file);
        if (!line) return fail(line.error());
        lines.insert(lines.begin(), std::move(*line));
    }
    const auto time_limit = std::chrono::milliseconds((*config).limits.places_deadline_ms) + way;
    return herd::program::send_lines(server->clients, lines, time_limit, !given.token_file.empty());
}

struct TokenArguments {
    herd::program::TokenRequest request;

    void add_to(CLI::App& command, Common& common) {
        auto* const pattern =
            command.add_option("--for", request.pattern, "A client's id, or how some begin and *")
                ->type_name("PATTERN");
        command.add_option("--may", request.rights, "What it allows")
            ->type_name("report,ask")
            ->capture_default_str()
            ->needs(pattern);
        pattern->needs(
            command
                .add_option("--until",
                            request.until,
                            "2027-01-31, 2027-01-31T12:00:00Z (UTC), +30d, +12h, or never")
                ->type_name("TIME")
                ->needs(pattern));
        common.add_config(command);
        command
            .add_option(
                "--secret-file", request.secret_file, "Not access.secret_file of the configuration")
            ->type_name("FILE");
        auto* const show =
            command.add_option("--show", request.shown, "What this grants; - for standard input")
                ->type_name("TOKEN")
                ->excludes(pattern);
        command.add_option("--make-secret", request.new_secret, "Make a file with a new secret")
            ->type_name("FILE")
            ->excludes(pattern)
            ->excludes(show);
    }
};

int run_token(const Common& common, TokenArguments given) {
    if (given.request.shown == "-") std::getline(std::cin, given.request.shown);
    const auto config = common.read();
    if (!config) return fail(config.error());
    return herd::program::token(given.request, (*config).access.secret_file);
}

int run_status(const Common& common, const herd::program::StatusOptions& options) {
    const auto config = common.read();
    return config ? herd::program::show_status(*config, options) : fail(config.error());
}

herd::Outcome<herd::offline::Options> read_options(const PlacesArguments& given) {
    const auto wrong =
        [](const std::string& option, const std::string& text, const std::string& expected) {
            return std::unexpected(option + ": expected " + expected + ", got " +
                                   herd::config::quoted(text));
        };
    herd::offline::Options options;
    const auto address = herd::config::parse_address(given.listen);
    if (!address) return wrong("--listen", given.listen, "an address such as 127.0.0.1:12080");
    options.listen = *address;
    options.data_folder = herd::offline::find_data_folder(given.data_folder);
    if (!given.delay.empty()) {
        const auto delay = herd::offline::parse_delay(given.delay);
        if (!delay) return wrong("--delay", given.delay, "milliseconds, such as 20 or 5..20");
        options.delay_min_ms = delay->min_ms;
        options.delay_max_ms = delay->max_ms;
    }
    for (const std::string& text : given.faults) {
        const auto fault = herd::offline::parse_fault_share(text);
        if (!fault) return wrong("--fail", text, "percent and kind, such as 10:hang");
        options.faults.push_back(*fault);
    }
    if (!given.key_file.empty()) {
        // That of a service for tests is no secret.
        auto key = herd::places::read_key(given.key_file, true);
        if (!key) return std::unexpected(std::move(key.error()));
        options.required_key = std::move(*key);
    }
    options.seed = given.seed;
    options.allow_inject = given.allow_inject;
    return options;
}

int run_places(const Common& common, const PlacesArguments& given) {
    if (common.orphaned()) return 1;
    const auto options = read_options(given);
    return options ? herd::offline::run(*options) : fail(options.error());
}

void add_places_options(CLI::App& command, PlacesArguments& given) {
    command.add_option("--listen", given.listen, "Where to listen")
        ->type_name("ADDRESS")
        ->capture_default_str();
    command.add_option("--data", given.data_folder, "Folder with the tables of places")
        ->type_name("DIR");
    command.add_option("--delay", given.delay, "Wait before each answer: 20, or 5..20 at random")
        ->type_name("MS|A..B");
    command
        .add_option("--fail",
                    given.faults,
                    "Let some requests of a hundred fail, such as 10:hang or 5:503; repeatable")
        ->type_name("PCT:KIND")
        ->allow_extra_args(false);
    command.add_option("--seed", given.seed, "Of what is random")
        ->type_name("N")
        ->capture_default_str();
    command.add_flag("--allow-inject", given.allow_inject, "Callers may ask for faults");
    command.add_option("--require-key", given.key_file, "File with the key that callers must know")
        ->type_name("KEYFILE");
}

// What stands where a subcommand should; empty: there is one, or nothing, or an option.
std::string unknown_command(const CLI::App& app, int count, const char* const* arguments) {
    const std::string word = count > 1 ? arguments[1] : "";
    const auto is_it = [&](const CLI::App* each) { return each->check_name(word); };
    return word.starts_with('-') || !app.get_subcommands(is_it).empty() ? "" : word;
}

int run(int count, const char* const* arguments) {
    CLI::App app{"An application server herd: any server knows where every client is"};
    app.name("herd");
    app.require_subcommand(1);
    Common common;
    PlacesArguments places_arguments;

    auto* const serve = app.add_subcommand("serve", "Run one server until SIGTERM or Ctrl-C");
    common.add_name(*serve);
    common.add_config(*serve);
    common.add_log_folder(*serve);
    common.add_parent(*serve);
    bool corruptible = false;
    // For tests: SIGUSR1 spoils one stored record, which the herd should then find.
    serve->add_flag("--corruptible", corruptible)->group("");

    auto* const up = app.add_subcommand("up", "Run every server of a herd until Ctrl-C");
    common.add_config(*up);
    common.add_log_folder(*up);

    auto* const send = app.add_subcommand(
        "send", "Send commands to a server and print its answers; exit code 1 if one was \"?\"");
    common.add_name(*send);
    SendArguments send_arguments;
    send_arguments.add_to(*send, common);

    auto* const token = app.add_subcommand(
        "token", "Make a token that lets clients report and ask, or say what one grants");
    TokenArguments token_arguments;
    token_arguments.add_to(*token, common);

    auto* const status =
        app.add_subcommand("status", "Ask every server how it is; exit code 1 if one is silent");
    herd::program::StatusOptions status_options;
    status->add_flag("--json", status_options.json, "All that they say, in one line");
    status->add_flag("--watch", status_options.watch, "Again each second, until Ctrl-C");
    common.add_config(*status);

    auto* const places = app.add_subcommand("places", "Run an offline Places service");
    add_places_options(*places, places_arguments);
    common.add_parent(*places);

    auto* const check = app.add_subcommand("check", "Validate a configuration and describe it");
    CheckArguments check_arguments;
    check_arguments.add_to(*check, common);

    auto* const keys = app.add_subcommand(
        "keys", "Make the keys and certificates that servers still lack; nothing is overwritten");
    KeysArguments keys_arguments;
    keys_arguments.add_to(*keys, common);

    app.set_version_flag("--version", "herd " HERD_VERSION);
    for (CLI::App* command : {serve, up, send, token, status, places, check, keys}) {
        command->set_version_flag("--version", "herd " HERD_VERSION);
    }
    if (const auto word = unknown_command(app, count, arguments); !word.empty()) {
        return fail(herd::config::quoted(word) + " is no subcommand; herd --help lists them");
    }
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? printed(0) : wrong_usage;
    }
    if (*serve) return run_serve(common, corruptible);
    if (*up) return run_up(common, arguments[0]);
    if (*places) return run_places(common, places_arguments);
    reactor::sys::release_signals();
    if (*send) return printed(run_send(common, send_arguments));
    if (*token) return printed(run_token(common, token_arguments));
    if (*status) return printed(run_status(common, status_options));
    if (*keys) return printed(run_keys(common, keys_arguments));
    return printed(run_check(common, check_arguments));
}

}  // namespace

int main(int count, char** arguments) {
    reactor::sys::hold_signals();
    reactor::sys::open_standard_descriptors();
    try {
        return run(count, arguments);
    } catch (const std::exception& error) {
        return fail(error.what());
    }
}
