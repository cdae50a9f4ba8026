// @generated automatically by Diesel CLI.

diesel::table! {
    use diesel::sql_types::*;

    account_tokens (id) {
        id -> Uuid,
        purpose -> Text,
        member_id -> Uuid,
        email -> Text,
        token_hash -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    adjustments (id) {
        id -> Uuid,
        member_id -> Uuid,
        asset -> Text,
        amount -> Int8,
        promotional -> Bool,
        reason -> Text,
        status -> Text,
        requested_by -> Uuid,
        decided_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        decided_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    api_usage (day, kind, subject, client_name, client_version) {
        day -> Date,
        client_name -> Text,
        client_version -> Text,
        kind -> Text,
        subject -> Text,
        count -> Int8,
        last_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    attempts (key) {
        key -> Bytea,
        tries -> Int4,
        since -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    audit_log (id) {
        id -> Uuid,
        actor_id -> Nullable<Uuid>,
        auth_session_id -> Nullable<Uuid>,
        action -> Text,
        subject -> Nullable<Text>,
        reason -> Text,
        details -> Text,
        occurred_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    audit_seals (seq) {
        seq -> Int8,
        act_id -> Uuid,
        hash -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    audit_unsealed (act_id) {
        act_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    auth_sessions (id) {
        id -> Uuid,
        member_id -> Uuid,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        ip_address -> Nullable<Text>,
        outside_key -> Nullable<Bytea>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    availability_overrides (mentor_id, date) {
        mentor_id -> Uuid,
        date -> Date,
        start_minutes -> Array<Int2>,
        end_minutes -> Array<Int2>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    availability_rules (mentor_id, weekday, start_minute) {
        mentor_id -> Uuid,
        weekday -> Int2,
        start_minute -> Int2,
        end_minute -> Int2,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    bookings (id) {
        id -> Uuid,
        session_id -> Uuid,
        learner_id -> Uuid,
        mentor_id -> Uuid,
        status -> Text,
        payment_status -> Text,
        starts_at -> Timestamptz,
        price -> Int8,
        currency -> Text,
        created_at -> Timestamptz,
        auto_confirms_at -> Nullable<Timestamptz>,
        completed_at -> Nullable<Timestamptz>,
        cancelled_at -> Nullable<Timestamptz>,
        cancelled_by -> Nullable<Uuid>,
        version -> Int8,
        free_cancellation_hours -> Int2,
        late_fee_percent -> Int2,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    cancellation_quotes (id) {
        id -> Uuid,
        member_id -> Uuid,
        booking_id -> Uuid,
        booking_version -> Int8,
        late -> Bool,
        to_learner -> Int8,
        to_mentor -> Int8,
        fee -> Int8,
        currency -> Text,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    claims (id) {
        id -> Uuid,
        mentor_id -> Uuid,
        learner_id -> Uuid,
        kind -> Text,
        during -> Tstzrange,
        expires_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    conversation_accesses (id) {
        id -> Uuid,
        conversation_id -> Uuid,
        admin_id -> Uuid,
        reason -> Text,
        opened_at -> Timestamptz,
        ends_at -> Timestamptz,
        told_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    conversation_members (conversation_id, member_id) {
        conversation_id -> Uuid,
        member_id -> Uuid,
        last_read_seq -> Int8,
        unread_count -> Int4,
        joined_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    conversations (id) {
        id -> Uuid,
        kind -> Text,
        session_id -> Nullable<Uuid>,
        pair -> Nullable<Array<Uuid>>,
        last_seq -> Int8,
        last_message_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    credentials (member_id) {
        member_id -> Uuid,
        email -> Text,
        email_verified_at -> Nullable<Timestamptz>,
        password_hash -> Nullable<Text>,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    credit_packages (id) {
        id -> Uuid,
        name -> Text,
        credits -> Int8,
        price -> Int8,
        currency -> Text,
        position -> Int4,
        active -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    dead_jobs (id) {
        id -> Uuid,
        kind -> Text,
        payload -> Jsonb,
        attempts -> Int4,
        last_error -> Text,
        created_at -> Timestamptz,
        died_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    document_clients (hash, client_name, client_version) {
        hash -> Text,
        client_name -> Text,
        client_version -> Text,
        registered_at -> Timestamptz,
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    document_ids (id) {
        id -> Text,
        hash -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    documents (hash) {
        hash -> Text,
        body -> Text,
        operations -> Text,
        cost -> Int8,
        registered_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    documents_version (one) {
        one -> Bool,
        version -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    events (stream, seq) {
        stream -> Uuid,
        seq -> Int8,
        kind -> Text,
        payload -> Jsonb,
        actor_id -> Nullable<Uuid>,
        occurred_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    external_deliveries (delivery_id) {
        delivery_id -> Text,
        kind -> Text,
        received_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    external_users (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        verified_email -> Nullable<Text>,
        name -> Nullable<Text>,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    idempotency_keys (member_id, operation, key) {
        member_id -> Uuid,
        operation -> Text,
        key -> Text,
        input_hash -> Bytea,
        result_id -> Uuid,
        created_at -> Timestamptz,
        input_parts -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    inboxes (member_id) {
        member_id -> Uuid,
        unread -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    intents (id) {
        id -> Uuid,
        member_id -> Uuid,
        operation -> Text,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    invoice_files (invoice_id) {
        invoice_id -> Uuid,
        object_key -> Text,
        bytes -> Int8,
        sha256 -> Bytea,
        made_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    invoice_series (series) {
        series -> Text,
        last_number -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    invoices (id) {
        id -> Uuid,
        kind -> Text,
        series -> Text,
        number -> Int8,
        member_id -> Uuid,
        payment_id -> Uuid,
        corrects_id -> Nullable<Uuid>,
        refund_id -> Nullable<Uuid>,
        seller_name -> Text,
        seller_address -> Text,
        seller_tax_id -> Nullable<Text>,
        buyer_name -> Text,
        buyer_email -> Text,
        description -> Text,
        provider -> Text,
        amount -> Int8,
        currency -> Text,
        paid_at -> Timestamptz,
        issued_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    job_schedules (kind) {
        kind -> Text,
        last_run_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    jobs (id) {
        id -> Uuid,
        kind -> Text,
        payload -> Jsonb,
        unique_key -> Nullable<Text>,
        run_at -> Timestamptz,
        attempts -> Int4,
        locked_until -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    ledger_accounts (id) {
        id -> Uuid,
        kind -> Text,
        owner_id -> Nullable<Uuid>,
        asset -> Text,
        balance -> Nullable<Int8>,
        payer_id -> Nullable<Uuid>,
        held -> Nullable<Int8>,
        promotional -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    ledger_blocks (seq) {
        seq -> Int8,
        transactions -> Int8,
        hash -> Bytea,
        sealed_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    ledger_postings (transaction_id, account_id) {
        transaction_id -> Uuid,
        account_id -> Uuid,
        asset -> Text,
        amount -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    ledger_seals (transaction_id) {
        transaction_id -> Uuid,
        block_seq -> Int8,
        place -> Int4,
        hash -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    ledger_transactions (id) {
        id -> Uuid,
        kind -> Text,
        subject_id -> Uuid,
        created_at -> Timestamptz,
        reference_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    ledger_unsealed (transaction_id) {
        transaction_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    mailbox (id) {
        id -> Uuid,
        recipient -> Text,
        subject -> Text,
        text_body -> Text,
        html_body -> Text,
        sent_at -> Timestamptz,
        attachment -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    member_skills (member_id, intent, skill_id) {
        member_id -> Uuid,
        skill_id -> Uuid,
        intent -> Text,
        level -> Text,
        position -> Int2,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    members (id) {
        id -> Uuid,
        handle -> Text,
        name -> Text,
        avatar_url -> Nullable<Text>,
        bio -> Text,
        time_zone -> Text,
        languages -> Array<Text>,
        roles -> Array<Text>,
        status -> Text,
        version -> Int8,
        created_at -> Timestamptz,
        suspended_until -> Nullable<Timestamptz>,
        rights_changed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    mentor_applications (id) {
        id -> Uuid,
        member_id -> Uuid,
        statement -> Text,
        status -> Text,
        reason -> Text,
        reviewed_by -> Nullable<Uuid>,
        reviewed_at -> Nullable<Timestamptz>,
        reapply_after -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    mentor_index (mentor_id) {
        mentor_id -> Uuid,
        score -> Int4,
        rating -> Int4,
        hourly_rate -> Int8,
        languages -> Array<Text>,
        next_slot_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    mentor_index_skills (skill_id, score, mentor_id) {
        skill_id -> Uuid,
        score -> Int4,
        mentor_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    mentors (member_id) {
        member_id -> Uuid,
        headline -> Text,
        hourly_rate -> Int8,
        currency -> Text,
        listed -> Bool,
        rating_sum -> Int8,
        rating_count -> Int4,
        sessions_completed -> Int4,
        version -> Int8,
        free_cancellation_hours -> Int2,
        late_fee_percent -> Int2,
        late_cancellations -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    messages (id) {
        id -> Uuid,
        conversation_id -> Uuid,
        seq -> Int8,
        sender_id -> Uuid,
        client_id -> Text,
        body -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    notifications (id) {
        id -> Uuid,
        member_id -> Uuid,
        kind -> Text,
        body -> Text,
        subject -> Nullable<Text>,
        actor_id -> Nullable<Uuid>,
        source -> Nullable<Text>,
        created_at -> Timestamptz,
        read_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    oauth_identities (id) {
        id -> Uuid,
        member_id -> Uuid,
        provider -> Text,
        issuer -> Text,
        subject -> Text,
        email -> Text,
        linked_at -> Timestamptz,
        last_used_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    oauth_states (state_hash) {
        state_hash -> Bytea,
        provider -> Text,
        redirect_uri -> Text,
        member_id -> Nullable<Uuid>,
        binding_hash -> Nullable<Bytea>,
        proven_id -> Nullable<Uuid>,
        code_hash -> Nullable<Bytea>,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    payment_refunds (id) {
        id -> Uuid,
        payment_id -> Uuid,
        quote_id -> Uuid,
        status -> Text,
        amount -> Int8,
        credits -> Int8,
        reason -> Text,
        requested_by -> Nullable<Uuid>,
        provider_reference -> Nullable<Text>,
        failure -> Nullable<Text>,
        created_at -> Timestamptz,
        settled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    payments (id) {
        id -> Uuid,
        member_id -> Uuid,
        package_id -> Uuid,
        provider -> Text,
        provider_reference -> Nullable<Text>,
        status -> Text,
        amount -> Int8,
        currency -> Text,
        credits -> Int8,
        return_url -> Nullable<Text>,
        checkout_url -> Nullable<Text>,
        created_at -> Timestamptz,
        settled_at -> Nullable<Timestamptz>,
        flow -> Text,
        client_secret -> Nullable<Text>,
        provider_capture -> Nullable<Text>,
        captured -> Int8,
        refunded -> Int8,
        refund_pending -> Int8,
        refunded_credits -> Int8,
        asked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    payout_accounts (member_id, provider) {
        member_id -> Uuid,
        provider -> Text,
        reference -> Text,
        status -> Text,
        requirement -> Nullable<Text>,
        as_of -> Timestamptz,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    payout_events (provider, event_id) {
        provider -> Text,
        event_id -> Text,
        kind -> Text,
        payload -> Jsonb,
        received_at -> Timestamptz,
        applied_at -> Nullable<Timestamptz>,
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    payouts (id) {
        id -> Uuid,
        member_id -> Uuid,
        provider -> Text,
        account_reference -> Text,
        provider_reference -> Nullable<Text>,
        status -> Text,
        credits -> Int8,
        amount -> Int8,
        currency -> Text,
        failure -> Nullable<Text>,
        created_at -> Timestamptz,
        settled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    presence_intervals (id) {
        id -> Uuid,
        session_id -> Uuid,
        member_id -> Uuid,
        joined_at -> Timestamptz,
        stay_since -> Timestamptz,
        last_seen_at -> Timestamptz,
        left_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    price_quotes (id) {
        id -> Uuid,
        member_id -> Uuid,
        mentor_id -> Uuid,
        skill_id -> Nullable<Uuid>,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        price -> Int8,
        fee -> Int8,
        currency -> Text,
        free_cancellation_hours -> Int2,
        late_fee_percent -> Int2,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    promotion_uses (booking_id, promotion_id) {
        booking_id -> Uuid,
        promotion_id -> Uuid,
        amount -> Int8,
        returned -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    promotions (id) {
        id -> Uuid,
        wallet_id -> Uuid,
        member_id -> Uuid,
        granted -> Int8,
        remaining -> Int8,
        expired -> Int8,
        reason -> Text,
        granted_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    proof_tries (member_id) {
        member_id -> Uuid,
        started_at -> Timestamptz,
        tries -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    recovery_codes (member_id, code_hash) {
        member_id -> Uuid,
        code_hash -> Bytea,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    refresh_tokens (token_hash) {
        token_hash -> Bytea,
        auth_session_id -> Uuid,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
        spent_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    request_counts (caller) {
        caller -> Text,
        used -> Int8,
        ends_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    reviews (id) {
        id -> Uuid,
        booking_id -> Uuid,
        author_id -> Uuid,
        mentor_id -> Uuid,
        rating -> Int2,
        body -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sandbox_checkouts (id) {
        id -> Text,
        payment_id -> Uuid,
        amount -> Int8,
        currency -> Text,
        price -> Text,
        title -> Text,
        return_url -> Nullable<Text>,
        status -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sandbox_payout_accounts (id) {
        id -> Text,
        member_id -> Uuid,
        status -> Text,
        behaviour -> Text,
        return_url -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sandbox_payouts (id) {
        id -> Text,
        payout_id -> Uuid,
        account_id -> Text,
        amount -> Int8,
        currency -> Text,
        status -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sandbox_refunds (id) {
        id -> Text,
        refund_id -> Uuid,
        checkout_id -> Text,
        amount -> Int8,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    schedules (mentor_id) {
        mentor_id -> Uuid,
        time_zone -> Text,
        slot_step_minutes -> Int4,
        min_notice_minutes -> Int4,
        booking_window_days -> Int4,
        version -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    second_factors (member_id) {
        member_id -> Uuid,
        sealed_secret -> Bytea,
        enrolled_at -> Timestamptz,
        confirmed_at -> Nullable<Timestamptz>,
        last_step -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sessions (id) {
        id -> Uuid,
        kind -> Text,
        status -> Text,
        host_id -> Uuid,
        skill_id -> Nullable<Uuid>,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>,
        cancelled_at -> Nullable<Timestamptz>,
        version -> Int8,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    skill_categories (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        position -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    skill_endorsements (member_id, skill_id, endorser_id) {
        member_id -> Uuid,
        skill_id -> Uuid,
        endorser_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    skills (id) {
        id -> Uuid,
        category_id -> Uuid,
        slug -> Text,
        name -> Text,
        synonyms -> Array<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    step_ups (auth_session_id) {
        auth_session_id -> Uuid,
        stepped_up_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    stored_objects (key) {
        key -> Text,
        remove_after -> Nullable<Timestamptz>,
        doomed -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    streams (stream) {
        stream -> Uuid,
        last_seq -> Int8,
        trimmed_seq -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    uploads (id) {
        id -> Uuid,
        owner_id -> Uuid,
        kind -> Text,
        status -> Text,
        mime -> Text,
        bytes -> Int8,
        file_name -> Nullable<Text>,
        sha256 -> Nullable<Bytea>,
        object_key -> Nullable<Text>,
        used -> Bool,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        finalized_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    webhook_events (provider, event_id) {
        provider -> Text,
        event_id -> Text,
        kind -> Text,
        payload -> Jsonb,
        received_at -> Timestamptz,
        applied_at -> Nullable<Timestamptz>,
        outcome -> Nullable<Text>,
        id -> Uuid,
    }
}

diesel::joinable!(account_tokens -> members (member_id));
diesel::joinable!(audit_seals -> audit_log (act_id));
diesel::joinable!(audit_unsealed -> audit_log (act_id));
diesel::joinable!(auth_sessions -> members (member_id));
diesel::joinable!(availability_overrides -> schedules (mentor_id));
diesel::joinable!(availability_rules -> schedules (mentor_id));
diesel::joinable!(bookings -> sessions (session_id));
diesel::joinable!(cancellation_quotes -> bookings (booking_id));
diesel::joinable!(conversation_accesses -> members (admin_id));
diesel::joinable!(conversation_accesses -> conversations (conversation_id));
diesel::joinable!(conversation_members -> conversations (conversation_id));
diesel::joinable!(conversation_members -> members (member_id));
diesel::joinable!(conversations -> sessions (session_id));
diesel::joinable!(credentials -> members (member_id));
diesel::joinable!(document_clients -> documents (hash));
diesel::joinable!(document_ids -> documents (hash));
diesel::joinable!(invoice_files -> invoices (invoice_id));
diesel::joinable!(invoices -> members (member_id));
diesel::joinable!(invoices -> payments (payment_id));
diesel::joinable!(invoices -> invoice_series (series));
diesel::joinable!(ledger_postings -> ledger_transactions (transaction_id));
diesel::joinable!(member_skills -> members (member_id));
diesel::joinable!(member_skills -> skills (skill_id));
diesel::joinable!(mentor_index -> members (mentor_id));
diesel::joinable!(mentor_index_skills -> mentor_index (mentor_id));
diesel::joinable!(mentor_index_skills -> skills (skill_id));
diesel::joinable!(mentors -> members (member_id));
diesel::joinable!(messages -> conversations (conversation_id));
diesel::joinable!(oauth_identities -> members (member_id));
diesel::joinable!(oauth_states -> members (member_id));
diesel::joinable!(oauth_states -> oauth_identities (proven_id));
diesel::joinable!(payment_refunds -> payments (payment_id));
diesel::joinable!(payment_refunds -> members (requested_by));
diesel::joinable!(payments -> members (member_id));
diesel::joinable!(payments -> credit_packages (package_id));
diesel::joinable!(payout_accounts -> members (member_id));
diesel::joinable!(payouts -> members (member_id));
diesel::joinable!(presence_intervals -> members (member_id));
diesel::joinable!(presence_intervals -> sessions (session_id));
diesel::joinable!(promotion_uses -> promotions (promotion_id));
diesel::joinable!(promotions -> ledger_accounts (wallet_id));
diesel::joinable!(proof_tries -> members (member_id));
diesel::joinable!(recovery_codes -> second_factors (member_id));
diesel::joinable!(refresh_tokens -> auth_sessions (auth_session_id));
diesel::joinable!(reviews -> bookings (booking_id));
diesel::joinable!(sandbox_payouts -> sandbox_payout_accounts (account_id));
diesel::joinable!(sandbox_refunds -> sandbox_checkouts (checkout_id));
diesel::joinable!(schedules -> members (mentor_id));
diesel::joinable!(second_factors -> members (member_id));
diesel::joinable!(skill_endorsements -> skills (skill_id));
diesel::joinable!(skills -> skill_categories (category_id));
diesel::joinable!(step_ups -> auth_sessions (auth_session_id));
diesel::joinable!(uploads -> stored_objects (object_key));
diesel::joinable!(uploads -> members (owner_id));

diesel::allow_tables_to_appear_in_same_query!(
    account_tokens,
    adjustments,
    api_usage,
    attempts,
    audit_log,
    audit_seals,
    audit_unsealed,
    auth_sessions,
    availability_overrides,
    availability_rules,
    bookings,
    cancellation_quotes,
    claims,
    conversation_accesses,
    conversation_members,
    conversations,
    credentials,
    credit_packages,
    dead_jobs,
    document_clients,
    document_ids,
    documents,
    documents_version,
    events,
    external_deliveries,
    external_users,
    idempotency_keys,
    inboxes,
    intents,
    invoice_files,
    invoice_series,
    invoices,
    job_schedules,
    jobs,
    ledger_accounts,
    ledger_blocks,
    ledger_postings,
    ledger_seals,
    ledger_transactions,
    ledger_unsealed,
    mailbox,
    member_skills,
    members,
    mentor_applications,
    mentor_index,
    mentor_index_skills,
    mentors,
    messages,
    notifications,
    oauth_identities,
    oauth_states,
    payment_refunds,
    payments,
    payout_accounts,
    payout_events,
    payouts,
    presence_intervals,
    price_quotes,
    promotion_uses,
    promotions,
    proof_tries,
    recovery_codes,
    refresh_tokens,
    request_counts,
    reviews,
    sandbox_checkouts,
    sandbox_payout_accounts,
    sandbox_payouts,
    sandbox_refunds,
    schedules,
    second_factors,
    sessions,
    skill_categories,
    skill_endorsements,
    skills,
    step_ups,
    stored_objects,
    streams,
    uploads,
    webhook_events,
);
