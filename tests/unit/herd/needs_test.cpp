#include "herd/needs.hpp"

#include "herd/access/secret.hpp"
#include "herd/config/file.hpp"
#include "herd/places/upstream.hpp"
#include "herd/server.hpp"
#include "reactor/loop.hpp"
#include "reactor/pages.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace herd {
namespace {

// A folder that is there for as long as this.
class Folder {
public:
    Folder() : path_(std::filesystem::temp_directory_path() / "herd-memory-XXXXXX") {
        REQUIRE(mkdtemp(path_.data()) != nullptr);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }

    const std::string& path() const { return path_; }
    std::string secret() const {
        const std::string file = path_ + "/secret";
        std::ofstream(file) << access::Secret::make_text();
        std::filesystem::permissions(file, std::filesystem::perms::owner_read);
        return file;
    }

private:
    std::string path_;
};

struct Nobody {
    void on_stopped() {}
};

// What the first server of this herd maps before it starts, in bytes.
std::size_t mapped_by(const config::Config& config) {
    const std::size_t before = reactor::Pages::mapped();
    reactor::Loop loop;
    REQUIRE(loop.open(loop_limits(config)));
    places::Upstream places(loop);
    Nobody nobody;
    Server server(loop,
                  places.places(),
                  config,
                  config.servers[0],
                  reactor::Delegate<void()>::to<&Nobody::on_stopped>(nobody));
    REQUIRE(places.open(config.places, config.limits));
    REQUIRE(server.open());
    return reactor::Pages::mapped() - before;
}

TEST_CASE("needs: what is told of a server is what it maps, to the megabyte", "[herd]") {
    const auto limits = GENERATE(as<std::string>(),
                                 "",
                                 R"("clients": 3000000)",
                                 R"("blocks": 300000)",
                                 R"("connections": 900, "places_body_max": 1000000)",
                                 R"("long_records": 20000, "line_max": 60000)",
                                 R"("syncs": 100000, "places_queue": 1000000)",
                                 R"("http_connections": 20000)",
                                 R"("peer_connections": 4096, "places_in_flight": 85)");
    auto config = config::parse(R"({"servers": [
        {"name": "A", "clients": "127.0.0.1:0", "peers": "127.0.0.1:0", "http": "127.0.0.1:0"},
        {"name": "B", "clients": "127.0.0.1:0", "peers": "127.0.0.1:0"}],
        "links": [["A", "B"]], "limits": {)" +
                                    limits + "}}",
                                "f");
    REQUIRE(config);
    const Folder folder;
    (*config).log.folder = folder.path();
    (*config).journal.folder = folder.path();
    (*config).access.secret_file = folder.secret();
    const auto mapped = static_cast<std::int64_t>(mapped_by(*config));
    const auto told = static_cast<std::int64_t>(memory_ceiling(*config));
    CAPTURE(limits, mapped, told);
    CHECK(told >= mapped);
    CHECK(told - mapped < 1 << 20);
}

}  // namespace
}  // namespace herd
