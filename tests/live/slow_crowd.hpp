#pragma once

#include "tests/live/client.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace live {

// What a crowd does with what the servers say to it.
enum class Manner : std::uint8_t {
    away,   // there is nobody
    reads,  // takes it
    deaf,   // never reads
};

// Connections on a thread of its own: clients that ask, strangers at the peers' port that say
// nothing, and neighbours that say WELCOME to whoever dials them. Whether they read is all that
// differs between two manners: they say the same, at the same pace, and last as long. One that is
// ended begins again.
class SlowCrowd {
public:
    struct Shape {
        std::vector<std::uint16_t> clients = {};    // a connection to each; often the same port
        std::vector<std::uint16_t> strangers = {};  // likewise
        // Where the neighbours listen, and their names.
        std::vector<std::pair<std::uint16_t, std::string>> neighbours = {};
    };

    explicit SlowCrowd(const Shape& shape);
    SlowCrowd(const SlowCrowd&) = delete;
    SlowCrowd& operator=(const SlowCrowd&) = delete;
    ~SlowCrowd();

    // Ends all connections; those of the new manner begin.
    void be(Manner manner) { wanted_ = manner; }
    // All its clients, strangers and neighbours are connected, in the manner wanted.
    bool complete() const { return complete_ == wanted_; }

    // Of clients and strangers: how often one was begun; what they said in all, in bytes.
    std::uint64_t begun() const { return begun_; }
    std::uint64_t said() const { return said_; }
    // How often a neighbour was dialled.
    std::uint64_t dialled() const { return dialled_; }

private:
    struct Asker {
        std::uint16_t port;
        std::size_t share;  // bytes to say in a connection's life
        std::size_t said = 0;
        Clock::time_point until = {};
        std::unique_ptr<LoopbackSocket> socket = {};
    };
    struct Neighbour {
        std::unique_ptr<LoopbackSocket> listener;
        std::string name;
        int fd = -1;  // the latest
    };
    static constexpr auto turn = std::chrono::milliseconds(10);
    static constexpr unsigned askers_turn = 10;
    // As long as a server bears with a client that does not read; and hardly more than it takes of
    // one, which is some 80 KB.
    static constexpr auto life = std::chrono::seconds(30);
    static constexpr std::size_t share = 100'000;
    // What is kept here would be taken from the servers' share of this machine.
    static constexpr int window = 4'096;
    static constexpr int neighbours_window = 256 << 10;

    void listen(std::uint16_t port, const std::string& name);
    void run();
    void change(Manner manner);

    // Whether all stand.
    bool take_turn();
    void begin(Asker& asker);
    // No more than there is room for, as a server does not read who does not read.
    void say_some(Asker& asker);

    // Whether it stands, or nobody is to.
    bool attend(Neighbour& neighbour);
    void welcome(Neighbour& neighbour);
    static void hang_up(Neighbour& neighbour);

    static void send(int fd, std::string_view line);
    static bool has_ended(int fd);
    // False at the end.
    bool drain(int fd);
    // One that came in two pieces is not answered; the next one is.
    static void answer_ping(int fd, std::string_view bytes);

    static constexpr std::size_t question_size = 100;
    static std::string some_questions();

    const std::string questions_ = some_questions();
    std::vector<Asker> askers_;
    std::deque<Neighbour> neighbours_;
    std::array<char, 65'536> buffer_{};
    Manner manner_ = Manner::away;
    std::atomic<Manner> wanted_ = Manner::away;
    std::atomic<Manner> complete_ = Manner::away;
    std::atomic<std::uint64_t> begun_ = 0;
    std::atomic<std::uint64_t> said_ = 0;
    std::atomic<std::uint64_t> dialled_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace live
