// Where a file of results comes from.
#pragma once

namespace headsweep {

enum class FileOrigin {
  anywhere,    // somebody names it: it may be a stranger's
  own_output,  // of the job that goes on: this program has written it
  tried        // anywhere, and a child process has just come to its end with it (io/trial.h)
};

}  // namespace headsweep
