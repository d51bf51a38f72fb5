#pragma once

#include "herd/table/location_table.hpp"
#include "protocol/iso6709.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/random.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

// A client of each server that follows clients and areas, reads as it likes, and keeps what it was
// told: by number, then by client. Takes its chances from a source of its own.
class Followers {
public:
    using Fail = std::function<void(std::string_view check, const std::string& reason)>;

    // One of the places that clients are at.
    using Place = std::function<std::string(Random& random)>;

    // Of so many servers at these addresses, whose clients are called by these names.
    Followers(FakeKernel& kernel,
              std::uint64_t seed,
              std::vector<reactor::Address> servers,
              std::vector<std::string> names,
              Place place,
              Fail fail);

    // Each that reads does, and each follows something more or less.
    void act();
    // From now on all read, and ask for an answer: whose server lost its power is told of nothing.
    void begin_to_end();
    // All read all that there is, and follow what they do. Whether anything had come.
    bool read_all();
    // All follow nothing more, and go: who only goes would be waited for.
    void leave();

    bool connected(std::size_t server) const { return followers_[server].fd >= 0; }
    // F2: whoever reads to the end knows of what it follows what its server has, but for what has
    // expired there.
    void check(std::size_t server,
               const herd::table::LocationTable& table,
               const std::function<bool(std::string_view)>& expired) const;

private:
    // What is followed: a client, or an area.
    struct Wanted {
        std::string client;
        protocol::Iso6709 centre = {};
        double radius_km = 0;

        std::string text() const;
    };
    struct Follower {
        int fd = -1;
        bool reads = true;
        bool answered = false;  // In the end.
        std::string unsent = {};
        std::string received = {};
        std::vector<Wanted> asked = {};          // FOLLOWs without an answer yet.
        std::map<unsigned, Wanted> wanted = {};  // By number.
        std::map<unsigned, std::map<std::string, std::string>> known = {};
    };

    void connect(Follower& follower, const reactor::Address& server);
    bool exchange(Follower& follower);
    void take(Follower& follower, const std::string& line);
    void tell(Follower& follower, unsigned number, const std::string& at_line);
    Wanted draw();
    static bool holds(const Wanted& wanted, std::string_view location);

    FakeKernel& kernel_;
    Random random_;
    std::vector<reactor::Address> servers_;
    std::vector<std::string> names_;
    Place place_;
    Fail fail_;
    std::vector<Follower> followers_;
    bool ending_ = false;  // Nobody follows anything more.
};

}  // namespace sim
