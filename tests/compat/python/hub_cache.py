"""Reads the cache that Easel has written, downloads another model into it, and prints what there is."""

import json
import os

from huggingface_hub import scan_cache_dir, snapshot_download, try_to_load_from_cache

ours = snapshot_download("acme/ours", local_files_only=True)
files = sorted(
    os.path.relpath(os.path.join(folder, name), ours)
    for folder, _, names in os.walk(ours)
    for name in names
)
for name in files:
    assert os.path.realpath(try_to_load_from_cache("acme/ours", name)) == os.path.realpath(os.path.join(ours, name)), name

theirs = snapshot_download("acme/theirs", allow_patterns=["*.json", "*.txt", "*.md", "*.fp16.safetensors"], ignore_patterns=["model.fp16.*"])
cache = scan_cache_dir()
print(
    json.dumps(
        {
            "ours": {"path": ours, "files": files},
            "theirs": theirs,
            "scanned": [
                {"repo": repo.repo_id, "commit": revision.commit_hash, "refs": sorted(revision.refs), "bytes": revision.size_on_disk}
                for repo in cache.repos
                for revision in repo.revisions
            ],
            "warnings": [str(warning) for warning in cache.warnings],
        }
    )
)
