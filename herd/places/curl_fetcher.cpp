#include "herd/places/curl_fetcher.hpp"

#include "herd/places/curl_faults.hpp"
#include "reactor/sys.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstring>
#include <utility>

// A slot:
//
//         start()            libcurl says "done"       handed over
//   free ---------> running -----------------> ended -------------> free
//                      |                          |
//                      +------- abandon() --------+----------------> free
//
// Between `running` and the other states stands detach(): only a running slot's easy handle is
// known to the multi handle.
namespace herd::places {

namespace {

using std::chrono::milliseconds;

constexpr long connect_timeout_ms = 2000;
constexpr long slow_bytes_per_s = 50;
constexpr long slow_time_s = 3;
constexpr long connection_age_max_s = 100;
constexpr long name_age_max_s = 300;
// Of one transfer's status lines, header lines and trailers. An answer of Google's has some 1 KiB.
constexpr std::size_t head_max = std::size_t{64} << 10;

template <class Value>
bool set(void* easy, CURLoption option, Value value) {
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

template <class Value>
bool set_multi(void* multi, CURLMoption option, Value value) {
    return curl_multi_setopt(multi, option, value) == CURLM_OK;
}

// What a slot keeps for all its transfers. HTTP/1.1 only: before 8.0 libcurl may report a body that
// HTTP/2 cut short as complete, and lets transfers that wait for a shared connection outlive their
// limit.
bool set_protocol(void* easy, bool https) {
    const char* const scheme = https ? "https" : "http";
    return set(easy, CURLOPT_PROTOCOLS_STR, scheme) &&
           set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https") &&
           // A redirect would carry the key elsewhere, and so would a proxy of the environment.
           set(easy, CURLOPT_FOLLOWLOCATION, 0L) && set(easy, CURLOPT_PROXY, "") &&
           set(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1}) &&
           set(easy, CURLOPT_PIPEWAIT, 0L) && set(easy, CURLOPT_ACCEPT_ENCODING, "gzip") &&
           set(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2}) &&
           set(easy, CURLOPT_SSL_VERIFYPEER, 1L) && set(easy, CURLOPT_SSL_VERIFYHOST, 2L) &&
           set(easy, CURLOPT_USERAGENT, "herd/0.1");
}

// Without QUICK_EXIT libcurl waits for its resolver's thread, and the whole loop with it.
bool set_timeouts(void* easy) {
    return set(easy, CURLOPT_NOSIGNAL, 1L) && set(easy, CURLOPT_QUICK_EXIT, 1L) &&
           set(easy, CURLOPT_LOW_SPEED_LIMIT, slow_bytes_per_s) &&
           set(easy, CURLOPT_LOW_SPEED_TIME, slow_time_s) && set(easy, CURLOPT_TCP_KEEPALIVE, 1L) &&
           set(easy, CURLOPT_MAXAGE_CONN, connection_age_max_s);
}

reactor::Interest to_interest(int what) {
    switch (what) {
        case CURL_POLL_IN:
            return reactor::Interest::read;
        case CURL_POLL_OUT:
            return reactor::Interest::write;
        case CURL_POLL_INOUT:
            return reactor::Interest::both;
        default:
            return reactor::Interest::none;
    }
}

long to_ms(reactor::Duration duration) {
    return std::max<long>(std::chrono::floor<milliseconds>(duration).count(), 1);
}

}  // namespace

// What libcurl calls. None of these may call it.
struct CurlFetcher::Callbacks {
    static int on_socket(CURL*, curl_socket_t fd, int what, void* owner, void*) {
        auto& fetcher = *static_cast<CurlFetcher*>(owner);
        if (what == CURL_POLL_REMOVE) {
            fetcher.watches_.forget(fd);
        } else if (!fetcher.watches_.watch(fd, to_interest(what))) {
            ++fetcher.counters_.unwatched;
        }
        return 0;
    }

    static int on_timer(CURLM*, long timeout_ms, void* owner) {
        auto& timer = static_cast<CurlFetcher*>(owner)->timer_;
        if (timeout_ms < 0) {
            timer.cancel();
        } else {
            timer.start(milliseconds(timeout_ms));
        }
        return 0;
    }

    static curl_socket_t on_open(void* owner, curlsocktype, curl_sockaddr* address) {
        const auto fd = reactor::sys::open_socket(address->family == AF_INET6);
        if (!fd) return CURL_SOCKET_BAD;
        // The number is new: what was watched under it was closed unseen.
        static_cast<CurlFetcher*>(owner)->watches_.forget(*fd);
        return *fd;
    }

    static int on_close(void* owner, curl_socket_t fd) {
        static_cast<CurlFetcher*>(owner)->watches_.forget(fd);
        reactor::sys::close(fd);
        return 0;
    }

    // libcurl bounds each line, but not their number.
    static std::size_t on_head(const char*, std::size_t, std::size_t size, void* to) {
        auto& slot = *static_cast<Slot*>(to);
        assert(slot.head_size <= head_max);
        if (size > head_max - slot.head_size) {
            slot.overflowed = true;
            return CURL_WRITEFUNC_ERROR;
        }
        slot.head_size += size;
        return size;
    }

    static std::size_t on_body(const char* bytes, std::size_t, std::size_t size, void* to) {
        auto& slot = *static_cast<Slot*>(to);
        CurlFetcher& fetcher = *slot.owner;
        assert(slot.body_size <= fetcher.body_max_);
        if (size > fetcher.body_max_ - slot.body_size) {
            slot.overflowed = true;
            return CURL_WRITEFUNC_ERROR;
        }
        std::memcpy(fetcher.body_of(slot) + slot.body_size, bytes, size);
        slot.body_size += size;
        return size;
    }
};

CurlFetcher::CurlFetcher(reactor::Loop& loop)
    : watches_(loop,
               reactor::Delegate<void(int, reactor::Ready)>::to<&CurlFetcher::on_ready>(*this)),
      timer_(loop, reactor::Delegate<void()>::to<&CurlFetcher::on_timer>(*this)),
      turn_(
          loop, reactor::Phase::work, reactor::Delegate<void()>::to<&CurlFetcher::on_turn>(*this)) {
}

// The order is libcurl's. Closing the multi handle still calls the callbacks.
CurlFetcher::~CurlFetcher() {
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].state != State::free) abandon(i);
    }
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].easy != nullptr) curl_easy_cleanup(slots_[i].easy);
    }
    for (void* const each : old_headers_) curl_slist_free_all(static_cast<curl_slist*>(each));
    curl_slist_free_all(static_cast<curl_slist*>(headers_));
    if (global_) curl_global_cleanup();
}

Outcome<> CurlFetcher::open(const Settings& settings) {
    assert(!global_);
    assert(settings.body_max > 0);
    if (settings.slots < 1 || settings.slots > slots_max) {
        return std::unexpected("limits.places_in_flight: must be 1 to " +
                               std::to_string(slots_max));
    }
    body_max_ = settings.body_max;
    named_host_ = settings.named_host;
    global_ = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (!global_) return std::unexpected("libcurl does not start");
    auto slots = reactor::PageArray<Slot>::map(settings.slots);
    auto bodies = reactor::PageArray<char>::map(settings.slots * body_max_);
    if (!slots || !bodies) return std::unexpected("no memory for the Places lookups");
    slots_ = std::move(*slots);
    bodies_ = std::move(*bodies);
    bool good = open_multi() && change_headers(settings.headers);
    for (std::uint32_t i = 0; i < settings.slots; ++i) {
        good = good && open_slot(slots_[i], settings);
    }
    if (!good) return std::unexpected("this libcurl lacks an option that is needed (7.87 has all)");
    return {};
}

bool CurlFetcher::change_headers(const std::vector<std::string>& headers) {
    curl_slist* list = nullptr;
    for (const std::string& header : headers) {
        curl_slist* const longer = curl_slist_append(list, header.c_str());
        if (longer == nullptr) {
            curl_slist_free_all(list);
            return false;
        }
        list = longer;
    }
    if (headers_ != nullptr) old_headers_.push_back(headers_);
    headers_ = list;
    return true;
}

bool CurlFetcher::open_multi() {
    multi_ = curl_multi_init();
    const long connections = static_cast<long>(slots_.size());
    return multi_ != nullptr && set_multi(multi_, CURLMOPT_SOCKETFUNCTION, &Callbacks::on_socket) &&
           set_multi(multi_, CURLMOPT_SOCKETDATA, this) &&
           set_multi(multi_, CURLMOPT_TIMERFUNCTION, &Callbacks::on_timer) &&
           set_multi(multi_, CURLMOPT_TIMERDATA, this) &&
           set_multi(multi_, CURLMOPT_PIPELINING, long{CURLPIPE_NOTHING}) &&
           set_multi(multi_, CURLMOPT_MAXCONNECTS, connections) &&
           set_multi(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
}

bool CurlFetcher::open_slot(Slot& slot, const Settings& settings) {
    slot.owner = this;
    slot.easy = curl_easy_init();
    if (slot.easy == nullptr) return false;
    if (!settings.ca_file.empty() && !set(slot.easy, CURLOPT_CAINFO, settings.ca_file.c_str())) {
        return false;
    }
    return set_protocol(slot.easy, settings.https) && set_timeouts(slot.easy) &&
           set(slot.easy, CURLOPT_PRIVATE, &slot) &&
           set(slot.easy, CURLOPT_HEADERFUNCTION, &Callbacks::on_head) &&
           set(slot.easy, CURLOPT_HEADERDATA, &slot) &&
           set(slot.easy, CURLOPT_WRITEFUNCTION, &Callbacks::on_body) &&
           set(slot.easy, CURLOPT_WRITEDATA, &slot) &&
           set(slot.easy, CURLOPT_OPENSOCKETFUNCTION, &Callbacks::on_open) &&
           set(slot.easy, CURLOPT_OPENSOCKETDATA, this) &&
           set(slot.easy, CURLOPT_CLOSESOCKETFUNCTION, &Callbacks::on_close) &&
           set(slot.easy, CURLOPT_CLOSESOCKETDATA, this);
}

char* CurlFetcher::body_of(const Slot& slot) {
    const auto index = static_cast<std::size_t>(&slot - &slots_[0]);
    return &bodies_[index * body_max_];
}

std::uint32_t CurlFetcher::concurrency_limit() const {
    const auto slots = static_cast<std::uint32_t>(slots_.size());
    return resolved_ || !named_host_ ? slots : std::min(slots, concurrency_unresolved);
}

void CurlFetcher::start(std::uint32_t index, const FetchRequest& request, reactor::Duration limit) {
    Slot& slot = slots_[index];
    assert(slot.state == State::free);
    assert(fetched_);
    assert(limit > reactor::Duration::zero());
    ++counters_.transfers;
    slot.head_size = 0;
    slot.body_size = 0;
    slot.overflowed = false;
    slot.status = 0;
    if (set_request(slot, request, limit) && curl_multi_add_handle(multi_, slot.easy) == CURLM_OK) {
        slot.state = State::running;
        return;
    }
    ++counters_.unexpected;
    slot.fault = FetchFault::internal;
    slot.state = State::ended;
    ended_.push_back(slot);
    turn_.post();
}

bool CurlFetcher::set_request(Slot& slot,
                              const FetchRequest& request,
                              reactor::Duration limit) const {
    std::array<char, 4096> url{};
    if (request.url.size() >= url.size()) return false;
    std::ranges::copy(request.url, url.data());
    const long limit_ms = to_ms(limit);
    const bool good =
        set(slot.easy, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(headers_)) &&
        set(slot.easy, CURLOPT_DNS_CACHE_TIMEOUT, astray_ ? 0L : name_age_max_s) &&
        set(slot.easy, CURLOPT_URL, url.data()) && set(slot.easy, CURLOPT_TIMEOUT_MS, limit_ms) &&
        set(slot.easy, CURLOPT_CONNECTTIMEOUT_MS, std::min(connect_timeout_ms, limit_ms));
    if (request.body.empty()) return good && set(slot.easy, CURLOPT_HTTPGET, 1L);
    const auto body_size = static_cast<curl_off_t>(request.body.size());
    return good && set(slot.easy, CURLOPT_POSTFIELDSIZE_LARGE, body_size) &&
           set(slot.easy, CURLOPT_COPYPOSTFIELDS, request.body.data());
}

void CurlFetcher::abandon(std::uint32_t index) {
    Slot& slot = slots_[index];
    assert(slot.state != State::free);
    if (slot.state == State::running) {
        if (!was_resolved(slot.easy)) resolved_ = false;
        detach(slot);
    } else {
        slot.unlink();
    }
    slot.state = State::free;
}

void CurlFetcher::detach(Slot& slot) {
    assert(slot.state == State::running);
    expect_ok(curl_multi_remove_handle(multi_, slot.easy));
}

void CurlFetcher::on_ready(int fd, reactor::Ready ready) {
    int events = 0;
    if (ready.readable) events |= CURL_CSELECT_IN;
    if (ready.writable) events |= CURL_CSELECT_OUT;
    // Told of nothing but an error, libcurl gives up without reading what is still there.
    if (ready.hangup) events |= CURL_CSELECT_ERR | CURL_CSELECT_IN;
    act(fd, events);
}

void CurlFetcher::on_timer() {
    act(CURL_SOCKET_TIMEOUT, 0);
}

void CurlFetcher::act(int fd, int events) {
    assert(multi_ != nullptr);
    int running = 0;
    expect_ok(curl_multi_socket_action(multi_, fd, events, &running));
    turn_.post();
}

void CurlFetcher::on_turn() {
    collect();
    hand_over();
    if (!ended_.empty()) turn_.post();
}

// First all that has ended is taken from libcurl, then it is handed on: whoever gets a result may
// start the next transfer.
void CurlFetcher::collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode code = message->data.result;
        char* slot = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
        assert(slot != nullptr);
        end(*static_cast<Slot*>(static_cast<void*>(slot)), code);
    }
}

void CurlFetcher::end(Slot& slot, int code) {
    assert(slot.owner == this);
    long status = 0;
    curl_easy_getinfo(slot.easy, CURLINFO_RESPONSE_CODE, &status);
    slot.status = static_cast<std::uint32_t>(status);
    slot.fault = fault_of(code, slot.easy, slot.overflowed);
    if (slot.fault == FetchFault::none && status <= 0) slot.fault = FetchFault::broken_off;
    if (slot.fault != FetchFault::internal) resolved_ = slot.fault != FetchFault::unresolved;
    if (slot.fault == FetchFault::none) astray_ = false;
    if (slot.fault == FetchFault::unconnected) astray_ = true;
    detach(slot);
    slot.state = State::ended;
    ended_.push_back(slot);
}

void CurlFetcher::hand_over() {
    for (std::uint32_t i = 0; i < results_per_turn; ++i) {
        Slot* slot = ended_.pop();
        if (slot == nullptr) return;
        assert(slot->state == State::ended);
        slot->state = State::free;
        const auto index = static_cast<std::uint32_t>(slot - &slots_[0]);
        fetched_(index, {slot->fault, slot->status, {body_of(*slot), slot->body_size}});
    }
}

void CurlFetcher::expect_ok(int multi_code) {
    if (multi_code != CURLM_OK) ++counters_.unexpected;
}

}  // namespace herd::places
