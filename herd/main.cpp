#include "herd/arguments.hpp"
#include "herd/completion.hpp"
#include "herd/config/config.hpp"
#include "herd/config/file.hpp"
#include "herd/config/text.hpp"
#include "herd/help.hpp"
#include "herd/keys/make.hpp"
#include "herd/offline/injection.hpp"
#include "herd/offline/place_table.hpp"
#include "herd/offline/places_server.hpp"
#include "herd/outcome.hpp"
#include "herd/places/key.hpp"
#include "herd/program/check.hpp"
#include "herd/program/gps.hpp"
#include "herd/program/live_check.hpp"
#include "herd/program/make_keys.hpp"
#include "herd/program/metrics_page.hpp"
#include "herd/program/phone.hpp"
#include "herd/program/processes.hpp"
#include "herd/program/refused_start.hpp"
#include "herd/program/restart.hpp"
#include "herd/program/send.hpp"
#include "herd/program/serve.hpp"
#include "herd/program/settings_page.hpp"
#include "herd/program/show_status.hpp"
#include "herd/program/token.hpp"
#include "herd/program/up.hpp"
#include "herd/program/watch.hpp"
#include "reactor/sys.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <expected>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace herd::arguments;

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

int run_serve(Common& common, bool corruptible, bool as_bridge) {
    if (common.orphaned()) return 1;
    auto config = common.read();
    const auto refuse = [&](const std::string& why) {
        const herd::config::Log log = config ? (*config).log : common.usual_log();
        herd::program::log_refused_start_where_known(log, common.name, why);
        return fail(why);
    };
    if (!config) return refuse(config.error());
    const auto self = common.find(*config);
    if (!self) return refuse(self.error());
    if (as_bridge && !(*self)->bridge) {
        return refuse((*self)->name + " is no bridge: \"bridge\": true makes it one");
    }
    using Read = herd::program::Reload::Read;
    return herd::program::serve(
        *config, **self, {Read::to<&Common::read_again>(common), corruptible});
}

int run_up(const Common& common, const char* program) {
    const auto config = common.read();
    if (!config) return fail(config.error());
    return herd::program::up(*config, {program, common.config_file, common.log_folder});
}

int run_check(const Common& common, const CheckArguments& given) {
    if (given.metrics) {
        std::fputs(herd::program::metrics_page().c_str(), stdout);
        return 0;
    }
    if (given.settings) {
        std::fputs(herd::program::settings_page().c_str(), stdout);
        return 0;
    }
    const auto config = common.read();
    if (!config) return fail(config.error());
    if (given.live()) return herd::program::live_check(*config, given.live_name);
    if (given.names) {
        for (const auto& server : (*config).servers) std::printf("%s\n", server.name.c_str());
        return 0;
    }
    const std::string& keys = given.keys_folder.empty() ? (*config).keys : given.keys_folder;
    return herd::program::check(*config,
                                {.where = common.where(), .keys = keys, .all_settings = given.all});
}

int run_keys(const Common& common, const KeysArguments& given) {
    const auto config = common.read();
    if (!config) return fail(config.error());
    return herd::program::make_keys(*config, given.folder, given.days);
}

int run_send(const Common& common, const SendArguments& given) {
    const auto config = common.read();
    if (!config) return fail(config.error());
    const auto server = common.find(*config);
    if (!server) return fail(server.error());
    herd::program::SendOptions options{
        .time_limit = std::chrono::milliseconds((*config).limits.places_deadline_ms) + way,
        .port = given.port.options};
    for (const std::string& line : given.lines) {
        if (line.find('\n') != std::string::npos) return fail("a LINE is one line");
    }
    if (!given.token_file.empty()) {
        auto line = herd::program::auth_line(given.token_file);
        if (!line) return fail(line.error());
        options.auth = std::move(*line);
    }
    return herd::program::send_lines(*config, **server, given.lines, options);
}

int run_watch(const Common& common, const WatchArguments& given) {
    const auto config = common.read();
    if (!config) return fail(config.error());
    const auto server = common.find(*config);
    if (!server) return fail(server.error());
    herd::program::WatchOptions options{
        .json = given.json, .time_limit = way, .port = given.port.options};
    for (const std::string& each : given.what) {
        if (each.find('\n') != std::string::npos) return fail("what to watch is one line");
    }
    if (!given.token_file.empty()) {
        auto line = herd::program::auth_line(given.token_file);
        if (!line) return fail(line.error());
        options.auth = std::move(*line);
    }
    return herd::program::watch(*config, **server, given.what, options);
}

int run_gps(const Common& common, const GpsArguments& given) {
    const auto config = common.read();
    if (!config) return fail(config.error());
    const auto server = common.find(*config);
    if (!server) return fail(server.error());
    const auto gpsd = herd::config::parse_address(given.gpsd);
    if (!gpsd) {
        return fail("--gpsd: expected an address such as 127.0.0.1:2947, got " +
                    herd::config::quoted(given.gpsd));
    }
    return herd::program::gps(*config,
                              **server,
                              {.id = given.id,
                               .gpsd = *gpsd,
                               .token_file = given.token_file,
                               .port = given.port.options});
}

int run_token(const Common& common, TokenArguments given) {
    if (given.request.shown == "-") std::getline(std::cin, given.request.shown);
    const auto config = common.read();
    if (!config) return fail(config.error());
    return herd::program::token(given.request, (*config).access.secret_file);
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

int run_phone(const Common& common, PhoneArguments given) {
    const auto config = common.read();
    if (!config) return fail(config.error());
    given.request.tokens = collect(given.request.tokens);
    return herd::program::phone(*config, given.request);
}

int run_restart(const Common& common, const std::vector<std::string>& names) {
    const auto config = common.read();
    return config ? herd::program::restart(*config, names) : fail(config.error());
}

int run_status(const Common& common, const StatusArguments& given) {
    const auto config = common.read();
    return config ? herd::program::show_status(*config, given.options) : fail(config.error());
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

// What stands where a subcommand should; empty: there is one, or nothing, or an option.
std::string unknown_command(const CLI::App& app, int count, const char* const* arguments) {
    const std::string word = count > 1 ? arguments[1] : "";
    const auto is_it = [&](const CLI::App* each) { return each->check_name(word); };
    return word.starts_with('-') || !app.get_subcommands(is_it).empty() ? "" : word;
}

// All subcommands, with what each takes.
class CommandLine {
public:
    CommandLine() {
        app_.name("herd");
        app_.require_subcommand(1);
        common_.add_name(*serve_);
        common_.add_config(*serve_);
        common_.add_log_folder(*serve_);
        common_.add_parent(*serve_);
        // For tests: SIGUSR1 spoils one stored record, which the herd should then find.
        serve_->add_flag("--corruptible", corruptible_)->group("");
        common_.add_name(*bridge_);
        common_.add_config(*bridge_);
        common_.add_log_folder(*bridge_);
        common_.add_parent(*bridge_);
        common_.add_config(*up_);
        common_.add_log_folder(*up_);
        send_arguments_.add_to(*send_, common_);
        watch_arguments_.add_to(*watch_, common_);
        gps_arguments_.add_to(*gps_, common_);
        token_arguments_.add_to(*token_, common_);
        phone_arguments_.add_to(*phone_, common_);
        status_arguments_.add_to(*status_, common_);
        restart_->add_option("NAME", restart_names_, "Servers to restart; without, all of them");
        common_.add_config(*restart_);
        places_arguments_.add_to(*places_, common_);
        check_arguments_.add_to(*check_, common_);
        keys_arguments_.add_to(*keys_, common_);
        describe(app_);
        for (CLI::App* command : app_.get_subcommands({})) {
            describe(*command);
        }
    }

    int run(int count, const char* const* arguments) {
        if (count > 1 && std::string_view(arguments[1]) == "--complete") {
            const std::vector<std::string> words(arguments + 2, arguments + count);
            std::fputs(herd::completion(app_, words).c_str(), stdout);
            return printed(0);
        }
        if (const auto word = unknown_command(app_, count, arguments); !word.empty()) {
            return fail(herd::config::quoted(word) + " is no subcommand; herd --help lists them");
        }
        try {
            app_.parse(count, arguments);
        } catch (const CLI::ParseError& error) {
            return app_.exit(error) == 0 ? printed(0) : wrong_usage;
        }
        if (*serve_) return run_serve(common_, corruptible_, false);
        if (*bridge_) return run_serve(common_, false, true);
        if (*up_) return run_up(common_, arguments[0]);
        if (*places_) return run_places(common_, places_arguments_);
        if (*gps_) return run_gps(common_, gps_arguments_);
        reactor::sys::release_signals();
        if (*send_) return printed(run_send(common_, send_arguments_));
        if (*watch_) return printed(run_watch(common_, watch_arguments_));
        if (*token_) return printed(run_token(common_, token_arguments_));
        if (*phone_) return printed(run_phone(common_, phone_arguments_));
        if (*restart_) return printed(run_restart(common_, restart_names_));
        if (*status_) return printed(run_status(common_, status_arguments_));
        if (*keys_) return printed(run_keys(common_, keys_arguments_));
        return printed(run_check(common_, check_arguments_));
    }

private:
    static void describe(CLI::App& command) {
        command.set_help_flag("-h,--help", "Print this and exit");
        command.set_version_flag("--version", "herd " HERD_VERSION, "Print the version and exit");
        command.formatter_fn(herd::help_of);
    }

    CLI::App app_{"An application server herd: any server knows where every client is"};
    Common common_;
    bool corruptible_ = false;
    SendArguments send_arguments_;
    WatchArguments watch_arguments_;
    GpsArguments gps_arguments_;
    TokenArguments token_arguments_;
    PhoneArguments phone_arguments_;
    StatusArguments status_arguments_;
    std::vector<std::string> restart_names_;
    PlacesArguments places_arguments_;
    CheckArguments check_arguments_;
    KeysArguments keys_arguments_;
    CLI::App* serve_ = app_.add_subcommand("serve", "Run one server until SIGTERM or Ctrl-C");
    CLI::App* bridge_ = app_.add_subcommand(
        "bridge", "Run a server that joins its herd to a bucket of NATS, until SIGTERM or Ctrl-C");
    CLI::App* up_ = app_.add_subcommand("up", "Run every server of a herd until Ctrl-C");
    CLI::App* send_ =
        app_.add_subcommand("send", "Send commands to a server, and print its answers");
    CLI::App* watch_ =
        app_.add_subcommand("watch", "Print each change of clients and areas, until Ctrl-C");
    CLI::App* gps_ =
        app_.add_subcommand("gps", "Report where gpsd says that this machine is, until Ctrl-C");
    CLI::App* token_ = app_.add_subcommand(
        "token", "Make a token, with which clients may report and ask, or show one");
    CLI::App* phone_ =
        app_.add_subcommand("phone", "Say how a phone's apps are set up to report with a token");
    CLI::App* status_ = app_.add_subcommand("status", "Ask every server how it is");
    CLI::App* restart_ =
        app_.add_subcommand("restart", "Restart servers of this machine, one after the other");
    CLI::App* places_ = app_.add_subcommand("places", "Run an offline Places service");
    CLI::App* check_ = app_.add_subcommand("check", "Validate a configuration and describe it");
    CLI::App* keys_ =
        app_.add_subcommand("keys", "Make the keys and certificates that servers still lack");
};

}  // namespace

int main(int count, char** arguments) {
    reactor::sys::hold_signals();
    reactor::sys::open_standard_descriptors();
    try {
        return CommandLine().run(count, arguments);
    } catch (const std::exception& error) {
        return fail(error.what());
    }
}
