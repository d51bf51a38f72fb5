#pragma once

#include "herd/config/shards.hpp"
#include "reactor/address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herd::config {

// Every bound of a server. Set in the configuration's "limits", printed by `herd check`. Times in
// milliseconds. See ARCHITECTURE.md for what happens when each one bites.
struct Limits {
    std::uint32_t clients = 1'000'000;        // stored clients; more are refused
    std::uint32_t new_clients_per_s = 10;     // of one address, of the last quarter of `clients`
    std::uint32_t long_records = 4'096;       // of these, with an AT line too long for a slot
    std::uint32_t connections = 10'000;       // client connections
    std::uint32_t peer_connections = 128;     // accepted connections of other servers
    std::uint32_t http_connections = 64;      // accepted connections that speak HTTP
    std::uint32_t http_followers = 16;        // streams of GET /follow
    std::uint32_t map_viewers = 16;           // pages that show the live map; 0: there is none
    std::uint32_t map_moves_per_s = 100'000;  // that are told to these pages, all together
    std::uint32_t phone_connections = 1'024;  // accepted connections of phones
    std::uint32_t phone_connections_per_address = 256;  // of these, of one address
    std::uint32_t datagrams_per_s = 10'000;             // of one address; more are ignored
    std::uint32_t tls_connections = 1'024;              // that speak TLS, of any kind
    std::uint32_t handshakes = 32;                      // of these, that are being agreed on
    std::uint32_t handshake_ms = 5'000;           // from accept, or connect, to the end of that
    std::uint32_t line_max = 8'192;               // bytes of a client's command, without its end
    std::uint32_t blocks = 65'536;                // of 4 KiB, for bytes that cannot wait elsewhere
    std::uint32_t first_line_ms = 60'000;         // a connection that has not said anything
    std::uint32_t rest_of_line_ms = 30'000;       // a command that was begun
    std::uint32_t idle_ms = 900'000;              // between commands
    std::uint32_t drain_ms = 30'000;              // an answer that is not read
    std::uint32_t linger_ms = 1'000;              // a finished connection the client does not close
    std::uint32_t records_per_turn = 256;         // to one neighbour in one iteration
    std::uint32_t lines_per_turn = 256;           // of one client in one iteration
    std::uint32_t searches = 64;                  // NEARBYs that are being answered at a time
    std::uint32_t visits_per_turn = 2'048;        // of records, by NEARBYs in one turn
    std::uint32_t repairs_per_s = 2'000;          // records sent again as a neighbour's differ
    std::uint32_t ready_ms = 5'000;               // until a server is ready without all neighbours
    std::uint32_t shutdown_ms = 4'000;            // from SIGTERM to exit
    std::uint32_t subscriptions = 16'384;         // FOLLOWs of all clients
    std::uint32_t subscriptions_per_client = 64;  // of these, of one connection
    std::uint32_t syncs = 256;                    // SYNCs that wait at a time
    std::uint32_t sync_ms = 5'000;                // from a SYNC to its answer
    std::uint32_t journal_ms = 5'000;          // that an answer waits for a disk which says nothing
    std::uint32_t places_in_flight = 64;       // lookups upstream at a time
    std::uint32_t places_queue = 1'024;        // lookups that wait for one of these
    std::uint32_t places_per_s = 10;           // requests to Google's services; 0: any number
    std::uint32_t places_per_day = 10'000;     // and of these in 24 hours; 0: any number
    std::uint32_t places_deadline_ms = 4'000;  // from a WHATSAT to its answer
    std::uint32_t places_body_max = 262'144;   // bytes of an answer from upstream
};

struct Server {
    std::string name;
    reactor::Address clients;  // where clients connect
    reactor::Address peers;    // where the other servers connect; with a name, its port only
    std::vector<std::string> neighbours;
    // An old server, run by another program: it knows nothing of the protocol between servers, and
    // has one address for everything, which is both of the above.
    bool legacy = false;
    std::optional<reactor::Address> clients_tls = {};  // where clients that speak TLS connect
    std::optional<reactor::Address> http = {};         // where it says over HTTP how it is
    std::optional<reactor::Address> https = {};        // the same, over TLS
    std::string http_name = {};                        // of its host, as browsers may know it
    std::optional<reactor::Address> phones = {};       // where phones' apps report
    std::optional<reactor::Address> phones_tls = {};   // the same, over TLS
    std::optional<reactor::Address> udp = {};          // where reports come as datagrams
    std::string peers_name = {};                       // of its host, in place of an address
    std::optional<reactor::Address> listen = {};       // for other servers, if that is another
    bool bridge = false;                               // joins the herd to a bucket: see Bridge

    // Of a bridge, `clients` need not be given.
    bool takes_clients() const { return !bridge || clients != reactor::Address{}; }
    // Whether HTTP is spoken at all.
    bool has_http() const { return http.has_value() || https.has_value(); }
    // For other servers.
    const reactor::Address& listens_at() const { return listen ? *listen : peers; }
    bool has_phones() const { return phones.has_value() || phones_tls.has_value(); }
};

enum class Provider : std::uint8_t { offline, google, google_legacy };

struct Places {
    Provider provider = Provider::offline;
    std::string url;       // base, without a path: "https://places.googleapis.com"
    std::string key_file;  // holds the API key and nothing else
    bool key_shared = false;
};

struct Log {
    std::string folder = "log";  // one file per server: <folder>/<name>.log
    bool wire = false;           // also every line in and out
    std::string told = {};       // on the command line, in place of `folder`; empty: nothing

    const std::string& place() const { return told.empty() ? folder : told; }
};

// When what was reported must be on the disk: at most a second later, or before it is answered.
enum class Fsync : std::uint8_t { second, always };

// How a journal is written anew. Not to be configured: simulations have smaller figures.
struct JournalPace {
    // A file may have this, and twice what it began with.
    std::uint64_t slack = std::uint64_t{32} << 20;
    // How many records a flush writes beside what has just changed: to the current file, which
    // answers may wait for, and to a new one.
    std::uint64_t overdue_per_pump = 4'096;
    std::uint64_t records_per_pump = 512;
    // How many bytes a helper is given to write at a time, beside one line of any length.
    std::uint64_t batch = std::uint64_t{256} << 10;
    // How many bytes of a new file may wait for the disk, beside as many as wait of the current
    // one. With much more, the kernel makes those wait who write.
    std::uint64_t unsynced_max = std::uint64_t{4} << 20;
    // How many bytes of a file are read at a time, beside one line; and how many lines of these a
    // flush takes while the server listens already.
    std::uint64_t piece = std::uint64_t{1} << 20;
    std::uint64_t lines_per_pump = 256;
};

struct Journal {
    std::string folder;  // one file per server: <folder>/<name>.journal; empty: none is kept
    Fsync fsync = Fsync::second;
    bool listen_first = false;  // it is read while the server listens
    JournalPace pace = {};
};

// Who may report and ask what.
struct Access {
    std::string secret_file;    // what tokens are signed with; empty: none are needed
    bool in_the_clear = false;  // take tokens from other machines though nothing is encrypted
};

enum class Storage : std::uint8_t { memory, file };

// How connections to the brokers of a bridge are sealed.
struct BridgeTls {
    std::string authority;    // file: whose certificates are believed; empty: nothing is sealed
    std::string name;         // that a broker's certificate must prove
    std::string certificate;  // files of what the bridge shows itself; empty: nothing
    std::string key;
    bool first = false;  // brokers shake hands before they say anything (handshake_first)
};

// The bucket of a NATS JetStream that servers marked `bridge` join their herd to.
struct Bridge {
    std::vector<reactor::Address> addresses;  // of brokers, tried in turn
    std::string bucket = "herd";              // its stream is KV_herd
    Shards shards;                            // of the clients, those that are bridged
    // Of a bucket that is not there yet.
    bool create = true;
    Storage storage = Storage::memory;
    std::uint32_t replicas = 1;
    std::uint64_t max_bytes = 0;  // 0: any
    // Delete it and make it anew when more of it is damaged than is worth healing key by key.
    bool recreate = false;
    std::uint32_t window = 4'096;    // publications on their way
    std::uint32_t standby_ms = 200;  // that each further bridge waits for the ones before it
    std::string user;
    std::string password_file;
    std::string token_file;
    bool in_the_clear = false;  // brokers may be elsewhere though nothing is sealed
    BridgeTls tls;
    // So many keys that a broker swallows, or a hundredth of all, are purged one by one; more are
    // the stream's trouble, and it is purged whole. Not to be configured: simulations have less.
    std::uint64_t purged_singly = 100;

    bool is_sealed() const { return !tls.authority.empty(); }
};

// A whole herd. What it says holds for the time of the process.
struct Config {
    std::vector<Server> servers;
    Places places;
    Limits limits;
    Log log;
    Journal journal;
    std::string keys;  // folder of certificates and keys; empty: nothing is sealed
    // Other servers may be elsewhere though nothing is sealed; and with keys, those that speak no
    // TLS are neighbours, too.
    bool insecure_peers = false;
    Access access;
    Bridge bridge;
    std::int64_t max_future_ms = 0;   // 0: no report is refused for a stamp in the future
    std::int64_t ttl_s = 0;           // how long from its effective time a report counts
    std::int64_t max_accuracy_m = 0;  // of a phone's position; 0: it may be as vague as it likes
    bool nearby = true;               // keep an index of where clients are
    bool prefault = false;            // take all memory at the start
    bool spin = false;                // never sleep in the kernel

    // The five servers of the built-in herd, on loopback, with offline places.
    static Config built_in();

    const Server* find(std::string_view name) const;
    // Of the server that has most.
    std::uint32_t neighbours_max() const;
    bool has_bridge() const;
    // How many bridges stand before that one in the list of servers.
    std::uint32_t bridges_before(const Server& server) const;
};

// Of Limits::blocks that each neighbour may hold: on a slow path, what is on its way each way, on
// the connections that either of the two dialled.
inline constexpr std::uint32_t blocks_of_neighbour = 4;

inline constexpr std::size_t servers_max = 64;

// The most that Limits::places_in_flight can be: what libcurl may hold open for these fits in a
// loop.
inline constexpr std::uint32_t places_in_flight_max = 85;

// Where `herd places` listens unless told otherwise.
inline constexpr std::string_view offline_url = "http://127.0.0.1:12080";

}  // namespace herd::config
