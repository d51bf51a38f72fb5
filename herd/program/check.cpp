#include "herd/program/check.hpp"

#include "herd/access/secret.hpp"
#include "herd/config/settings.hpp"
#include "herd/config/text.hpp"
#include "herd/keys/examine.hpp"
#include "herd/needs.hpp"
#include "herd/program/doors.hpp"
#include "herd/program/findings.hpp"
#include "herd/program/graph.hpp"
#include "herd/server.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

namespace herd::program {

namespace {

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

std::string counted(std::size_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string neighbours_of(const config::Config& config, const config::Server& server) {
    if (server.neighbours.empty()) return "nobody";
    std::vector<std::string> names = server.neighbours;
    for (std::string& name : names) {
        assert(config.find(name) != nullptr);
        if (config.find(name)->legacy) name += " (legacy)";
    }
    return config::listed(names);
}

std::string graph(const config::Config& config) {
    assert(!config.servers.empty());
    std::size_t links = 0;
    for (const config::Server& server : config.servers) links += server.neighbours.size();
    const auto legacy = std::ranges::count(config.servers, true, &config::Server::legacy);
    const auto far = diameter(config);
    return counted(config.servers.size(), "server") + ", " +
           (legacy > 0 ? std::to_string(legacy) + " of them legacy, " : "") +
           counted(links / 2, "link") + ", " +
           (far ? "diameter " + std::to_string(*far) : "in parts") + "\n";
}

std::string peers_text(const config::Server& server) {
    return peers_address(server) +
           (server.listen ? " (listens on " + config::text_of(*server.listen) + ")" : "");
}

std::string clients_of(const config::Server& server) {
    return server.takes_clients() ? config::text_of(server.clients) : "none";
}

// All but that for clients, which has a column; a line, or nothing.
std::string other_doors(const config::Server& server) {
    std::vector<std::string> texts;
    for (const Door& door : doors(server)) {
        if (door.setting == "clients") continue;
        texts.push_back(std::string(door.setting) + " " + config::text_of(door.address));
    }
    return texts.empty() ? "" : "      " + config::listed(texts) + "\n";
}

std::string servers(const config::Config& config) {
    std::size_t name_width = 0;
    std::size_t address_width = 0;
    for (const config::Server& server : config.servers) {
        name_width = std::max(name_width, server.name.size());
        address_width =
            std::max({address_width, clients_of(server).size(), peers_text(server).size()});
    }
    std::string text;
    for (const config::Server& server : config.servers) {
        const std::string peers = server.legacy ? "legacy" : "peers " + peers_text(server);
        text += "  " + padded(server.name, name_width) + "  clients " +
                padded(clients_of(server), address_width) + "  " +
                padded(peers, std::string_view("peers ").size() + address_width) + "  -- " +
                neighbours_of(config, server) + (server.bridge ? "; bridge" : "") + "\n" +
                other_doors(server);
    }
    return text;
}

// Of whatever can be set, but for servers and links, which have lines of their own: all of it, or
// what is not as usual.
std::string settings(const config::Config& config, bool all) {
    const config::Config defaults = config::Config::built_in();
    struct Row {
        const config::Setting* setting;
        std::string value;
        std::string usual;
    };
    std::vector<Row> rows;
    std::size_t path_width = 0;
    std::size_t value_width = 0;
    for (const config::Setting& setting : config::settings()) {
        if (!config::is_single(setting)) continue;
        Row row{&setting, config::shown(setting, config), config::shown(setting, defaults)};
        if (!all && row.value == row.usual) continue;
        path_width = std::max(path_width, config::path_of(setting).size());
        value_width = std::max(value_width, row.value.size());
        rows.push_back(std::move(row));
    }
    std::string text = rows.empty() ? ""
                       : all        ? "settings:\n"
                                    : "settings that are not as usual:\n";
    for (const Row& row : rows) {
        text += "  " + padded(config::path_of(*row.setting), path_width + 2) +
                padded(row.value, value_width + 2) + std::string(row.setting->meaning) + " (" +
                config::allowed(*row.setting) +
                (row.value == row.usual ? "" : "; default " + row.usual) + "; " +
                std::string(config::taken(*row.setting)) + ")\n";
    }
    return text;
}

std::string secret_lines(const config::Access& access) {
    if (access.secret_file.empty()) return "";
    const auto secret = access::Secret::read(access.secret_file);
    if (!secret) return "";
    return "access: clients need a token; the secret has " + std::to_string((*secret).size()) +
           ((*secret).size() == 1 ? " line\n" : " lines\n");
}

std::string memory(const config::Config& config) {
    const auto in_mib = [](std::uint64_t bytes) {
        return std::to_string((bytes >> 20) + 1) + " MiB";
    };
    return "memory of a server: at most " + in_mib(memory_ceiling(config)) + ", " +
           in_mib(table_memory(config)) + " of it the table" +
           (config.keys.empty() ? "" : ", " + in_mib(tls_memory(config)) + " TLS") + "; " +
           (config.prefault ? "all of it taken at the start\n" : "taken when it is needed\n");
}

std::string line_of(const keys::Finding& finding) {
    switch (finding.severity) {
        case keys::Severity::ok:
            return finding.text + "\n";
        case keys::Severity::warning:
            return "warning: " + finding.text + "\n";
        case keys::Severity::error:
            break;
    }
    return "error: " + finding.text + "\n";
}

std::string verdict(std::size_t errors, std::size_t warnings) {
    if (errors > 0) {
        return "right, but not for this machine as it is: " + counted(errors, "error") +
               (warnings > 0 ? ", " + counted(warnings, "warning") : "");
    }
    return warnings > 0 ? "right, with " + counted(warnings, "warning") : "right";
}

}  // namespace

std::string overview(const config::Config& config, const std::string& where, bool all_settings) {
    return where + ": " + graph(config) + servers(config) + settings(config, all_settings) +
           secret_lines(config.access) + memory(config) + "open files of a server: at most " +
           std::to_string(descriptors(config)) + ", " +
           std::to_string(allowed_descriptors(config)) + " allowed\n";
}

// The worst comes last, where whoever has asked looks.
int check(const config::Config& config, const CheckRequest& request) {
    std::vector<keys::Finding> found = findings(config, request.keys);
    std::ranges::stable_sort(found, {}, &keys::Finding::severity);
    const auto count = [&](keys::Severity severity) {
        return static_cast<std::size_t>(
            std::ranges::count(found, severity, &keys::Finding::severity));
    };
    const std::size_t errors = count(keys::Severity::error);
    const std::size_t warnings = count(keys::Severity::warning);
    std::string text = overview(config, request.where, request.all_settings);
    for (const keys::Finding& finding : found) text += line_of(finding);
    text += request.where + ": " + verdict(errors, warnings) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    return errors == 0 ? 0 : 1;
}

}  // namespace herd::program
