#pragma once

#include "herd/config/config.hpp"
#include "herd/config/file.hpp"
#include "herd/config/text.hpp"
#include "herd/keys/make.hpp"
#include "herd/outcome.hpp"
#include "herd/program/client_port.hpp"
#include "herd/program/phone.hpp"
#include "herd/program/phone_apps.hpp"
#include "herd/program/processes.hpp"
#include "herd/program/show_status.hpp"
#include "herd/program/token.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

// What the subcommands take on the command line. Each outlives the App that it is added to.
namespace herd::arguments {

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
        if (config) (*config).log.told = log_folder;
        return config;
    }

    // What a configuration has that does not say where logs are.
    herd::config::Log usual_log() const { return {.told = log_folder}; }

    // What has come from a pipe cannot come again, and waiting for it would hold the server up.
    herd::Outcome<herd::config::Config> read_again() const {
        std::error_code error;
        if (config_file.empty() || std::filesystem::is_regular_file(config_file, error)) {
            return read();
        }
        return herd::failure(config_file, "is no file, and cannot be read again");
    }

    // The server of that name, of this configuration.
    herd::Outcome<const herd::config::Server*> find(const herd::config::Config& config) const {
        if (const herd::config::Server* const server = config.find(name)) return server;
        std::string names;
        for (const auto& each : config.servers) names += " " + each.name;
        return std::unexpected("no server " + herd::config::quoted(name) + " in " + where() +
                               ", but" + names);
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

    void add_to(CLI::App& command, Common& common) {
        common.add_parent(command);
        command.add_option("--listen", listen, "Where to listen")
            ->type_name("ADDRESS")
            ->capture_default_str();
        command.add_option("--data", data_folder, "Folder with the tables of places")
            ->type_name("DIR");
        command.add_option("--delay", delay, "Wait before each answer: 20, or 5..20 at random")
            ->type_name("MS|A..B");
        command
            .add_option("--fail",
                        faults,
                        "Let some requests of a hundred fail, such as 10:hang or 5:503; repeatable")
            ->type_name("PCT:KIND")
            ->allow_extra_args(false);
        command.add_option("--seed", seed, "Of what is random")
            ->type_name("N")
            ->capture_default_str();
        command.add_flag("--allow-inject", allow_inject, "Callers may ask for faults");
        command.add_option("--require-key", key_file, "File with the key that callers must know")
            ->type_name("KEYFILE");
    }
};

struct CheckArguments {
    bool all = false;
    bool settings = false;
    bool metrics = false;
    CLI::Option* live_option = nullptr;
    std::string live_name;  // empty: of all servers
    bool names = false;
    std::string keys_folder;

    bool live() const { return live_option->count() > 0; }

    void add_to(CLI::App& command, Common& common) {
        common.add_config(command);
        common.add_log_folder(command);
        command.add_flag(
            "--all", all, "Print all its settings, not only those that are not as usual");
        auto* const settings_only = command.add_flag(
            "--settings", settings, "Print all settings that there are, in Markdown");
        command.add_flag("--metrics", metrics, "Print all metrics that there are, in Markdown")
            ->excludes(settings_only);
        live_option = command.add_option(
            "--live", live_name, "Ask this running server, or all, what it would take at a SIGHUP");
        live_option->type_name("[NAME]")->expected(0, 1)->excludes(settings_only);
        command.add_flag("--names", names, "Print the servers' names, one a line, and no more");
        command.add_option("--keys", keys_folder, "Examine the keys in this folder, too")
            ->type_name("DIR");
    }
};

struct KeysArguments {
    std::string folder;
    std::uint32_t days = herd::keys::days_usual;

    void add_to(CLI::App& command, Common& common) {
        common.add_config(command);
        command.add_option("DIR", folder, "Where they are, and new ones go")->required();
        command.add_option("--days", days, "How many days new certificates are good for")
            ->type_name("N")
            ->check(CLI::Range(std::uint32_t{1}, herd::keys::days_max).description(""))
            ->capture_default_str();
    }
};

// Of those that speak with a server as clients do.
struct PortArguments {
    herd::program::ClientOptions options;

    void add_to(CLI::App& command) {
        auto* const unsealed = command.add_flag(
            "--plain", options.plain, "Without TLS, though the server has clients_tls");
        command
            .add_option(
                "--ca", options.authority, "With TLS, certificates to believe; not keys/ca.crt")
            ->type_name("FILE")
            ->excludes(unsealed);
    }
};

struct SendArguments {
    std::vector<std::string> lines;
    std::string token_file;
    PortArguments port;

    void add_to(CLI::App& command, Common& common) {
        common.add_name(command);
        common.add_config(command);
        command
            .add_option(
                "LINE", lines, "Command, such as \"WHATSAT kiwi 10 5\"; - for standard input")
            ->required();
        command.add_option("--token-file", token_file, "File with a token, which is shown first")
            ->type_name("FILE");
        port.add_to(command);
    }
};

struct WatchArguments {
    std::vector<std::string> what;
    std::string token_file;
    bool json = false;
    PortArguments port;

    void add_to(CLI::App& command, Common& common) {
        common.add_name(command);
        common.add_config(command);
        command
            .add_option(
                "WHAT", what, "A client, or a location and a radius in km: \"+34.07-118.44 5\"")
            ->required();
        command.add_flag("--json", json, "An object a line");
        command.add_option("--token-file", token_file, "File with a token, which is shown first")
            ->type_name("FILE");
        port.add_to(command);
    }
};

struct GpsArguments {
    std::string id;
    std::string gpsd = "127.0.0.1:2947";
    std::string token_file;
    PortArguments port;

    void add_to(CLI::App& command, Common& common) {
        common.add_name(command);
        common.add_config(command);
        command.add_option("--id", id, "Client to report")->required()->type_name("CLIENT");
        command.add_option("--gpsd", gpsd, "Where gpsd listens")
            ->type_name("ADDRESS")
            ->capture_default_str();
        command
            .add_option("--token-file",
                        token_file,
                        "File with a token, which is read and shown at each connection")
            ->type_name("FILE");
        port.add_to(command);
    }
};

struct TokenArguments {
    herd::program::TokenRequest request;

    void add_to(CLI::App& command, Common& common) {
        auto* const pattern =
            command.add_option("--for", request.pattern, "A client's id, or how some begin and *")
                ->type_name("PATTERN");
        command.add_option("--may", request.rights, "What it allows: report, ask, friends")
            ->type_name("RIGHTS")
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
        command.footer("A client's id stands behind --for: herd token --for kiwi --until +30d");
    }
};

struct PhoneArguments {
    herd::program::PhoneRequest request;

    void add_to(CLI::App& command, Common& common) {
        command
            .add_option("TOKEN",
                        request.tokens,
                        "Of the phone, as `herd token` makes them; - for standard input")
            ->required();
        command
            .add_option("--at",
                        request.herd,
                        "Where phones reach the server, such as https://herd.example.org")
            ->type_name("URL");
        command
            .add_option("--device", request.device, "What the phone is called, if not as its token")
            ->type_name("NAME");
        auto* const app =
            command
                .add_option("--app", request.app, "That one: " + herd::program::phone_app_names())
                ->type_name("APP");
        command.add_flag("--file", request.file_only, "Its configuration file, and nothing else")
            ->needs(app);
        command.add_flag("--no-qr", request.no_qr, "No QR codes");
        common.add_config(command);
    }
};

struct StatusArguments {
    herd::program::StatusOptions options;

    void add_to(CLI::App& command, Common& common) {
        command.add_flag("--json", options.json, "All that they say, in one line");
        command.add_flag("--watch", options.watch, "Again each second, until Ctrl-C");
        common.add_config(command);
    }
};

}  // namespace herd::arguments
