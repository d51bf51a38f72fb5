#include "herd/config/settings.hpp"

#include "herd/config/bridge_settings.hpp"
#include "herd/config/limit_settings.hpp"
#include "herd/config/member.hpp"
#include "herd/config/text.hpp"
#include "protocol/server_name.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace herd::config {

namespace {

// In the order of Provider and Fsync.
constexpr std::array<std::string_view, 3> providers = {"offline", "google", "google-legacy"};
constexpr std::array<std::string_view, 2> fsyncs = {"second", "always"};

constexpr std::array before_limits = {
    Setting{Section::file, "", Object{Section::root}, ""},

    Setting{Section::root, "servers", List{Section::servers}, "The servers of the herd, 1 to 64."},
    Setting{Section::servers, "", Object{Section::server}, ""},
    Setting{Section::server,
            "name",
            Text{at_server<std::string, &Server::name>,
                 "1 to 64 printable ASCII characters, no blank or '/', the first not '.' or '-'",
                 protocol::is_server_name},
            "its name in answers, and that of its log and journal; no two are the same",
            Taken::at_start,
            true},
    Setting{Section::server,
            "clients",
            Endpoint{at_server<reactor::Address, &Server::clients>},
            "where clients connect",
            Taken::at_start,
            true},
    Setting{Section::server,
            "peers",
            Endpoint{at_server<reactor::Address, &Server::peers>,
                     at_server<std::string, &Server::peers_name>},
            "where the other servers connect; a legacy server has none",
            Taken::at_start,
            true},
    Setting{Section::server,
            "listen",
            Endpoint{at_port<&Server::listen>},
            "where it listens for them, if not there: behind a name, or another address"},
    Setting{Section::server,
            "legacy",
            Flag{at_server<bool, &Server::legacy>},
            "an old server, run by another program, with one address for everything"},
    Setting{Section::server,
            "clients_tls",
            Endpoint{at_port<&Server::clients_tls>},
            "where clients connect that speak TLS; needs keys"},
    Setting{Section::server,
            "http",
            Endpoint{at_port<&Server::http>},
            "where it says over HTTP how it is: /metrics, /healthz, /readyz, /status"},
    Setting{Section::server,
            "https",
            Endpoint{at_port<&Server::https>},
            "the same, over TLS; needs keys"},
    Setting{Section::server,
            "http_name",
            Text{at_server<std::string, &Server::http_name>,
                 "the name of a host, or empty for none",
                 is_host_name},
            "by which browsers reach that, beside its address and localhost"},
    Setting{Section::server,
            "phones",
            Endpoint{at_port<&Server::phones>},
            "where phones' apps report over HTTP, each in its own way (docs/phones.md)"},
    Setting{Section::server,
            "phones_tls",
            Endpoint{at_port<&Server::phones_tls>},
            "the same, over TLS; needs keys"},
    Setting{Section::server,
            "udp",
            Endpoint{at_port<&Server::udp>},
            "where reports come as datagrams, which are not answered (docs/udp.md)"},
    Setting{Section::server,
            "bridge",
            Flag{at_server<bool, &Server::bridge>},
            "joins the herd to a bucket of NATS (docs/bridge.md); needs no clients"},

    Setting{Section::root,
            "links",
            List{Section::links},
            "Which servers talk with each other, two names each, both ways."},
    Setting{Section::links, "", List{Section::link}, ""},
    Setting{Section::link, "", LinkEnd{}, "one of the two servers"},

    Setting{Section::root,
            "places",
            Object{Section::places},
            "The Places service that answers WHATSAT."},
    Setting{Section::places,
            "provider",
            Choice{at<std::size_t, &Config::places, &Places::provider>, providers},
            "`herd places`, the Places API (New), or the service before that"},
    Setting{Section::places,
            "url",
            Text{at<std::string, &Config::places, &Places::url>, "a base URL", is_any},
            "where it is; Google's services know it themselves",
            Taken::live},
    Setting{Section::places,
            "key_file",
            Text{at<std::string, &Config::places, &Places::key_file>,
                 "the name of a file",
                 is_not_empty},
            "holds the API key that Google's services need, and nothing else",
            Taken::live},
    Setting{Section::places,
            "key_shared",
            Flag{at<bool, &Config::places, &Places::key_shared>},
            "take a key file that everybody on this machine can read, or a link to one",
            Taken::live},

    Setting{Section::root, "limits", Object{Section::limits}, "The bounds of each server."},
};

constexpr std::array after_limits = {
    Setting{Section::root, "log", Object{Section::log}, "What a server writes down about its run."},
    Setting{Section::log,
            "folder",
            Text{at<std::string, &Config::log, &Log::folder>,
                 "the name of a folder, or - for standard error",
                 is_not_empty},
            "where the logs are, NAME.log for each server"},
    Setting{Section::log,
            "wire",
            Flag{at<bool, &Config::log, &Log::wire>},
            "also every line of clients, in and out, and every line in of neighbours, but for the "
            "secrets in them",
            Taken::live},

    Setting{Section::root,
            "journal",
            Object{Section::journal},
            "From this a server that is started again has its clients back."},
    Setting{Section::journal,
            "folder",
            Text{at<std::string, &Config::journal, &Journal::folder>,
                 "the name of a folder, or empty for none",
                 is_any},
            "where the journals are, NAME.journal for each server"},
    Setting{Section::journal,
            "fsync",
            Choice{at<std::size_t, &Config::journal, &Journal::fsync>, fsyncs},
            "when the disk has a report: within a second of its answer, or always before that",
            Taken::live},
    Setting{Section::journal,
            "listen_first",
            Flag{at<bool, &Config::journal, &Journal::listen_first>},
            "whether a server that is started listens before it has read its journal, and reads it "
            "meanwhile"},

    Setting{Section::root,
            "keys",
            Text{at<std::string, &Config::keys>, "the name of a folder, or empty for none", is_any},
            "where `herd keys` has put certificates and keys: the servers then speak TLS with each "
            "other, and nobody else gets in"},
    Setting{Section::root,
            "insecure_peers",
            Flag{at<bool, &Config::insecure_peers>},
            "let servers talk without TLS on different machines, and with keys also with those "
            "that have none yet: anybody on the way reads, and writes, everything"},

    Setting{Section::root,
            "access",
            Object{Section::access},
            "Clients may do what their tokens grant; without a secret, whatever they like."},
    Setting{Section::access,
            "secret_file",
            Text{at<std::string, &Config::access, &Access::secret_file>,
                 "the name of a file, or empty for none",
                 is_any},
            "holds what all servers of the herd sign and check tokens with (`herd token`)"},
    Setting{Section::access,
            "in_the_clear",
            Flag{at<bool, &Config::access, &Access::in_the_clear>},
            "take tokens also from other machines, where others on the way can read them"},

    Setting{Section::root,
            "max_future_ms",
            Whole{number<&Config::max_future_ms>, 0, 366 * day_ms, "ms"},
            "how far in the future a report's stamp may lie and not be refused; 0: as far as it "
            "likes, it counts as a minute ahead at most",
            Taken::live},
    Setting{Section::root,
            "ttl_s",
            Whole{number<&Config::ttl_s>, 0, 100ULL * 366 * 86'400, "s"},
            "how long a report counts, from its effective time on; 0: for ever"},
    Setting{Section::root,
            "max_accuracy_m",
            Whole{number<&Config::max_accuracy_m>, 0, 1'000'000, "m"},
            "positions of phones that may be further off are ignored; 0: none is",
            Taken::live},
    Setting{Section::root,
            "nearby",
            Flag{at<bool, &Config::nearby>},
            "keep an index of where clients are, which answers NEARBY"},
    Setting{Section::root,
            "prefault",
            Flag{at<bool, &Config::prefault>},
            "take all memory at the start"},
    Setting{Section::root,
            "spin",
            Flag{at<bool, &Config::spin>},
            "never sleep in the kernel: for servers with a processor each"},
};

// One behind the other.
template <std::size_t... sizes>
constexpr auto joined(const std::array<Setting, sizes>&... tables) {
    std::array<Setting, (sizes + ...)> all{};
    auto at = all.begin();
    ((at = std::ranges::copy(tables, at).out), ...);
    return all;
}
constexpr std::array table = joined(before_limits, limit_settings, after_limits, bridge_settings);

constexpr bool is_same(const Setting& one, const Setting& other) {
    return one.in == other.in && one.name == other.name;
}
static_assert(std::ranges::all_of(table, [](const Setting& each) {
    return std::ranges::count_if(table, [&](const Setting& it) { return is_same(it, each); }) == 1;
}));
// What has no name is told of where the list is.
static_assert(std::ranges::all_of(table, [](const Setting& each) {
    return each.name.empty() || each.in == Section::file || !each.meaning.empty();
}));
static_assert(std::ranges::all_of(table, [](const Setting& each) {
    const auto* const whole = std::get_if<Whole>(&each.type);
    return whole == nullptr || whole->min < whole->max;
}));
static_assert(std::ranges::all_of(table, [](const Setting& each) {
    const auto* const choice = std::get_if<Choice>(&each.type);
    return choice == nullptr || choice->names.size() > 1;
}));

bool opens(const Setting& setting, Section section) {
    const auto* const object = std::get_if<Object>(&setting.type);
    const auto* const list = std::get_if<List>(&setting.type);
    return (object != nullptr && object->opens == section) ||
           (list != nullptr && list->opens == section);
}

}  // namespace

std::span<const Setting> settings() {
    return table;
}

const Setting* find_setting(Section in, std::string_view name) {
    const auto* const found = std::ranges::find_if(
        table, [&](const Setting& each) { return each.in == in && each.name == name; });
    return found == table.end() ? nullptr : found;
}

std::string path_of(const Setting& setting) {
    const auto* const outer =
        std::ranges::find_if(table, [&](const Setting& each) { return opens(each, setting.in); });
    if (outer == table.end()) return "";
    const std::string path = path_of(*outer);
    if (setting.name.empty()) return path + "[]";
    return path + (path.empty() ? "" : ".") + std::string(setting.name);
}

}  // namespace herd::config
