"""Redshift's word lists: what is reserved, which functions there are, which settings, which system tables.

Reserved words: developer guide, "Reserved words". Functions: developer guide, "SQL functions reference"; those of the
leader node: "Leader node-only functions" and the deprecated ones on the same page."""


def _words(text):
    return frozenset(text.split())


RESERVED = _words(
    """aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary
    blanksasnull both bytedict bzip2 case cast check collate column connect constraint create credentials cross
    current_date current_time current_timestamp current_user current_user_id default deferrable deflate defrag delta
    delta32k desc disable distinct do else emptyasnull enable encode encrypt encryption end except explicit false for
    foreign freeze from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially
    inner intersect interval into is isnull join language leading left like limit localtime localtimestamp lun luns lzo
    lzop minus mostly16 mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on only open or
    order outer overlaps parallel partition percent permissions pivot placing primary raw readratio recover references
    rejectlog resort respect restore right select session_user similar snapshot some start sysdate system table tag
    tdes text255 text32k then timestamp to top trailing true truncatecolumns union unique unnest unpivot user using
    verbose wallet when where with without"""
)

# Reserved words that no query has a use for: outside quotes they can only be a name that was not quoted.
NEVER_IN_A_QUERY = _words(
    """aes128 aes256 allowoverwrite az64 backup blanksasnull bytedict bzip2 credentials deflate defrag delta delta32k
    disable emptyasnull enable encrypt encryption explicit globaldict256 globaldict64k gzip lun luns lzo lzop mostly16
    mostly32 mostly8 offline open parallel percent permissions raw readratio recover rejectlog resort restore snapshot
    system tag tdes text255 text32k truncatecolumns wallet"""
)

SYSTEM_COLUMNS = _words("oid tableoid xmin cmin xmax cmax ctid")

LEADER_FUNCTIONS = _words(
    """version current_schema current_schemas has_schema_privilege has_database_privilege has_table_privilege
    has_column_privilege has_function_privilege has_assumerole_privilege pg_get_viewdef pg_get_userbyid
    pg_table_is_visible pg_get_indexdef pg_get_constraintdef pg_get_expr obj_description col_description format_type
    format_encoding current_setting set_config generate_series age isfinite now get_bit get_byte set_bit set_byte to_ascii
    pg_cancel_backend pg_terminate_backend pg_size_pretty array_upper array_lower pg_encoding_to_char
    inet_server_addr pg_tablespace_databases pg_is_other_temp_schema"""
)

# These answer from the session, and may meet any table.
SESSION_FUNCTIONS = _words(
    """pg_backend_pid pg_last_copy_id pg_last_copy_count pg_last_query_id pg_last_unload_id pg_last_unload_count
    current_database current_user_id current_session_arn"""
)

# Functions of the compute nodes alone: refused where no user table is.
COMPUTE_FUNCTIONS = _words("listagg median percentile_cont percentile_disc approximate_percentile_disc")

AGGREGATES = _words(
    """any_value avg bit_and bit_or bool_and bool_or count listagg max median min percentile_cont percentile_disc stddev
    stddev_samp stddev_pop sum variance var_samp var_pop"""
)

WINDOW_FUNCTIONS = _words(
    """cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank ratio_to_report row_number"""
)

SCALAR_FUNCTIONS = _words(
    """coalesce decode greatest least nvl nvl2 nullif isnull add_months at_time_zone convert_timezone current_date date_cmp
    date_cmp_timestamp date_part date_part_year date date_trunc dateadd datediff extract getdate interval_cmp last_day
    months_between next_day sysdate timeofday timestamp_cmp timezone to_timestamp trunc abs acos asin atan atan2 cbrt ceil
    ceiling cos cot degrees dexp dlog1 dlog10 exp floor ln log mod pi pow power radians random round sign sin sqrt tan
    ascii bpcharcmp btrim bttext_pattern_cmp char_length character_length charindex chr concat crc32 difference
    initcap left right len length lower lpad rpad ltrim octetindex octet_length position quote_ident quote_literal
    regexp_count regexp_instr regexp_replace regexp_substr repeat replace replicate reverse rtrim soundex split_part
    strpos strtol substr substring textlen translate trim upper checksum func_sha1 fnv_hash md5 sha sha1 sha2
    farmfingerprint64 murmur3_32_hash json_parse json_serialize is_valid_json is_valid_json_array json_array_length
    json_extract_array_element_text json_extract_path_text can_json_parse cast convert to_char to_date to_hex
    to_number text_to_int_alt to_varbyte from_hex from_varbyte overlay collate bit_length
    json_typeof is_integer is_object is_array is_scalar is_varchar is_boolean is_bigint is_decimal"""
)

FUNCTIONS = (
    LEADER_FUNCTIONS | SESSION_FUNCTIONS | COMPUTE_FUNCTIONS | AGGREGATES | WINDOW_FUNCTIONS | SCALAR_FUNCTIONS
)

# Words before a parenthesis that call nothing.
NOT_FUNCTIONS = _words(
    """all and any as between by case distinct else except exists from group having ilike in inner intersect into is join
    left like limit minus not null offset on or order outer over partition right select set similar some then to
    union using values when where with char character nchar bpchar varchar nvarchar varying numeric decimal dec float time
    timetz timestamp timestamptz varbyte varbinary precision interval rollup cube sets within add column references key
    distkey sortkey identity unique default check escape end isnull notnull ignore respect nulls row rows"""
)

# What the stand-in keeps itself, by the names that clients may SHOW and SET. The others are PostgreSQL's own.
SETTINGS = {
    "analyze_threshold_percent": "10",
    "auto_analyze": "on",
    "describe_field_name_in_uppercase": "off",
    "enable_case_sensitive_identifier": "off",
    "enable_case_sensitive_super_attribute": "off",
    "enable_result_cache_for_session": "on",
    "error_on_nondeterministic_update": "off",
    "json_parse_truncate_strings": "off",
    "mv_enable_aqmv_for_session": "on",
    "navigate_super_null_on_error": "on",
    "parse_super_null_on_error": "off",
    "query_group": "default",
    "wlm_query_slot_count": "1",
}
POSTGRES_SETTINGS = _words(
    """application_name client_encoding datestyle extra_float_digits search_path seed statement_timeout timezone
    server_version server_encoding transaction_isolation session_authorization is_superuser"""
)

ENCODINGS = _words(
    """auto az64 bytedict delta delta32k lzo mostly8 mostly16 mostly32 raw runlength text255 text32k zstd none"""
)
