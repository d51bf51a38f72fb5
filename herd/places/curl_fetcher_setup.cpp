// How libcurl is loaded, and what its handles are told once.
#include "herd/places/curl_easy.hpp"
#include "herd/places/curl_fetcher.hpp"
#include "herd/places/curl_library.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace herd::places {

namespace {

constexpr long slow_bytes_per_s = 50;
constexpr long slow_time_s = 3;
constexpr long connection_age_max_s = 100;
// Of one transfer's status lines, header lines and trailers. An answer of Google's has some 1 KiB.
constexpr std::size_t head_max = std::size_t{64} << 10;

// libcurl keeps the authorities that it has read if all are in one file. With a folder of some it
// reads them again for each connection, which takes 27 ms of the loop.
bool set_authorities(CurlEasy easy, const std::string& file) {
    if (!file.empty() && !easy.set(CURLOPT_CAINFO, file.c_str())) return false;
    const char* const all = file.empty() ? easy.text(CURLINFO_CAINFO) : file.c_str();
    std::error_code unknown;
    if (all == nullptr || !std::filesystem::is_regular_file(all, unknown)) return true;
    return easy.set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

// What a slot keeps for all its transfers. HTTP/1.1 only: before 8.0 libcurl may report a body that
// HTTP/2 cut short as complete, and lets transfers that wait for a shared connection outlive their
// limit.
bool set_protocol(CurlEasy easy) {
    return easy.set(CURLOPT_PROTOCOLS_STR, "http,https") &&
           easy.set(CURLOPT_REDIR_PROTOCOLS_STR, "https") &&
           // A redirect would carry the key elsewhere, and so would a proxy of the environment.
           easy.set(CURLOPT_FOLLOWLOCATION, 0L) && easy.set(CURLOPT_PROXY, "") &&
           easy.set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1}) &&
           easy.set(CURLOPT_PIPEWAIT, 0L) && easy.set(CURLOPT_ACCEPT_ENCODING, "gzip") &&
           easy.set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2}) &&
           easy.set(CURLOPT_SSL_VERIFYPEER, 1L) && easy.set(CURLOPT_SSL_VERIFYHOST, 2L) &&
           easy.set(CURLOPT_USERAGENT, "herd/0.1");
}

// Without QUICK_EXIT libcurl waits for its resolver's thread, and the whole loop with it.
bool set_timeouts(CurlEasy easy) {
    return easy.set(CURLOPT_NOSIGNAL, 1L) && easy.set(CURLOPT_QUICK_EXIT, 1L) &&
           easy.set(CURLOPT_LOW_SPEED_LIMIT, slow_bytes_per_s) &&
           easy.set(CURLOPT_LOW_SPEED_TIME, slow_time_s) && easy.set(CURLOPT_TCP_KEEPALIVE, 1L) &&
           easy.set(CURLOPT_MAXAGE_CONN, connection_age_max_s);
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

}  // namespace

// Of load(): who has it is the one thread that touches it.
struct CurlFetcher::Loading {
    bool good;
    CurlLibrary curl;
    std::array<char, 200> why;  // it is not, a line
};

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
            timer.start(std::chrono::milliseconds(timeout_ms));
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
        assert(slot.body_size <= fetcher.settings_.body_max);
        if (size > fetcher.settings_.body_max - slot.body_size) {
            slot.overflowed = true;
            return CURL_WRITEFUNC_ERROR;
        }
        std::memcpy(fetcher.body_of(slot) + slot.body_size, bytes, size);
        slot.body_size += size;
        return size;
    }
};

CurlFetcher::CurlFetcher(reactor::Loop& loop)
    : loop_(loop),
      watches_(loop,
               reactor::Delegate<void(int, reactor::Ready)>::to<&CurlFetcher::on_ready>(*this)),
      timer_(loop, reactor::Delegate<void()>::to<&CurlFetcher::on_timer>(*this)),
      turn_(
          loop, reactor::Phase::work, reactor::Delegate<void()>::to<&CurlFetcher::on_turn>(*this)),
      helper_(loop,
              reactor::Delegate<void(const reactor::sys::Errand&)>::to<&CurlFetcher::on_loaded>(
                  *this)) {}

// The order is libcurl's. Closing the multi handle still calls the callbacks.
CurlFetcher::~CurlFetcher() {
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].state != State::free) abandon(i);
    }
    if (loading_.size() > 0) helper_.give(std::move(loading_.pages()));
    if (curl_ == nullptr) return;
    if (multi_ != nullptr) curl_->multi_cleanup(multi_);
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].easy != nullptr) curl_->easy_cleanup(slots_[i].easy);
    }
    for (void* const each : old_headers_) curl_->slist_free_all(static_cast<curl_slist*>(each));
    curl_->slist_free_all(static_cast<curl_slist*>(headers_));
    curl_->global_cleanup();
}

Outcome<> CurlFetcher::open(const Settings& settings, const Target& target) {
    assert(slots_.size() == 0);
    assert(settings.body_max > 0);
    if (settings.slots < 1 || settings.slots > slots_max) {
        return std::unexpected("limits.places_in_flight: must be 1 to " +
                               std::to_string(slots_max));
    }
    settings_ = settings;
    target_ = target;
    auto slots = reactor::PageArray<Slot>::map(settings.slots);
    auto bodies = reactor::PageArray<char>::map(settings.slots * settings.body_max);
    if (!slots || !bodies) return std::unexpected("no memory for the Places lookups");
    slots_ = std::move(*slots);
    bodies_ = std::move(*bodies);
    for (std::uint32_t i = 0; i < settings.slots; ++i) slots_[i].owner = this;
    return {};
}

bool CurlFetcher::prepare() {
    if (curl_ != nullptr) return true;
    if (helper_.unanswered() > 0) return false;
    if (!why_unusable_.empty() && loop_.now() - tried_ < patience) return true;
    if (loading_.size() == 0) {
        auto loading = reactor::PageArray<Loading>::map(1);
        if (!loading || !helper_.open()) {
            give_up("no memory or no thread to load libcurl with");
            return true;
        }
        loading_ = std::move(*loading);
    }
    loading_[0] = {};
    helper_.ask({.what = reactor::sys::Errand::What::call,
                 .function = &CurlFetcher::load,
                 .argument = &loading_[0]});
    return false;
}

void CurlFetcher::load(void* argument) {
    auto& loading = *static_cast<Loading*>(argument);
    const auto curl = load_curl();
    if (!curl) {
        curl.error().copy(loading.why.data(), loading.why.size() - 1);
        return;
    }
    loading.curl = *curl;
    loading.good = start_curl(*curl);
    if (!loading.good)
        std::ranges::copy(std::string_view("libcurl does not start"), loading.why.begin());
}

void CurlFetcher::on_loaded(const reactor::sys::Errand&) {
    assert(curl_ == nullptr);
    const Loading& loading = loading_[0];
    if (!loading.good) {
        give_up(loading.why.data());
    } else {
        curl_ = std::make_unique<CurlLibrary>(loading.curl);
        const bool good = set_up();
        why_unusable_ = good ? "" : "this libcurl lacks an option that is needed (7.87 has all)";
    }
    told_ready_();
}

void CurlFetcher::give_up(std::string_view why) {
    assert(!why.empty());
    why_unusable_ = why;
    tried_ = loop_.now();
}

bool CurlFetcher::set_up() {
    bool good = open_multi() && make_headers();
    for (std::uint32_t i = 0; i < slots_.size(); ++i) good = good && open_slot(slots_[i]);
    return good;
}

bool CurlFetcher::aim(const Target& target) {
    Target before = std::exchange(target_, target);
    if (curl_ != nullptr && !make_headers()) {
        target_ = std::move(before);
        return false;
    }
    if (target_.host_name == before.host_name) return true;
    ++moves_;
    resolved_ = false;
    astray_ = false;
    return true;
}

bool CurlFetcher::make_headers() {
    curl_slist* list = nullptr;
    for (const std::string& header : target_.headers) {
        curl_slist* const longer = curl_->slist_append(list, header.c_str());
        if (longer == nullptr) {
            curl_->slist_free_all(list);
            return false;
        }
        list = longer;
    }
    if (headers_ != nullptr) old_headers_.push_back(headers_);
    headers_ = list;
    return true;
}

bool CurlFetcher::open_multi() {
    multi_ = curl_->multi_init();
    if (multi_ == nullptr) return false;
    const auto set = [this](CURLMoption option, auto value) {
        return curl_->multi_setopt(multi_, option, value) == CURLM_OK;
    };
    const long connections = static_cast<long>(slots_.size());
    return set(CURLMOPT_SOCKETFUNCTION, &Callbacks::on_socket) && set(CURLMOPT_SOCKETDATA, this) &&
           set(CURLMOPT_TIMERFUNCTION, &Callbacks::on_timer) && set(CURLMOPT_TIMERDATA, this) &&
           set(CURLMOPT_PIPELINING, long{CURLPIPE_NOTHING}) &&
           set(CURLMOPT_MAXCONNECTS, connections) &&
           set(CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
}

bool CurlFetcher::open_slot(Slot& slot) {
    slot.easy = curl_->easy_init();
    if (slot.easy == nullptr) return false;
    const CurlEasy easy(*curl_, slot.easy);
    return set_authorities(easy, settings_.ca_file) && set_protocol(easy) && set_timeouts(easy) &&
           easy.set(CURLOPT_PRIVATE, &slot) &&
           easy.set(CURLOPT_HEADERFUNCTION, &Callbacks::on_head) &&
           easy.set(CURLOPT_HEADERDATA, &slot) &&
           easy.set(CURLOPT_WRITEFUNCTION, &Callbacks::on_body) &&
           easy.set(CURLOPT_WRITEDATA, &slot) &&
           easy.set(CURLOPT_OPENSOCKETFUNCTION, &Callbacks::on_open) &&
           easy.set(CURLOPT_OPENSOCKETDATA, this) &&
           easy.set(CURLOPT_CLOSESOCKETFUNCTION, &Callbacks::on_close) &&
           easy.set(CURLOPT_CLOSESOCKETDATA, this);
}

}  // namespace herd::places
